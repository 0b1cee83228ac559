import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { crashLimits } from '../src/queue/rules/crash.ts';
import type { Claim } from '../src/queue/records.ts';
import { aBuild, aFault, anArtifact, hostWith, roomy, storeShop } from './store-shop.ts';
import type { Shop } from './store-shop.ts';
import { isLong } from './fixtures/hypervisor.ts';

const place = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const slots = 4;
const success = { status: 'succeeded', artifacts: [anArtifact('a')] } as const;
const boot = { name: 'boot', phase: 'booting' } as const;

let tokens = 0;
const claim = ({ store }: Shop, slot = 0) =>
  store.claim({ token: `t${tokens++}`, slot, room: hostWith(roomy), leaseMs: 30_000 });

/** Claims all that may run now, each in a step that has run for so long that a death counts. */
const claimAll = async (shop: Shop, stepMs: number = crashLimits.crashAfterMs): Promise<readonly Claim[]> => {
  const claims: Claim[] = [];
  for (let next = await claim(shop); next && claims.length < slots; next = await claim(shop, claims.length)) {
    claims.push(next);
    await shop.store.beginStep(next.build.id, next.token, boot);
  }
  shop.clock.time += stepMs;
  await shop.store.heartbeat(
    claims.map(({ token }) => token),
    30_000,
  );
  return claims;
};

const die = async (shop: Shop, hostBootedAt = 0) => (await shop.reopen()).recover({ hostBootedAt });

/** A build that two daemons saw die, at the head of the queue. */
const suspect = async (shop: Shop) => {
  const { build } = await shop.store.add(aBuild());
  for (let deaths = 0; deaths < crashLimits.suspect.crashes; deaths++) {
    await claimAll(shop);
    await die(shop);
  }
  return build.id;
};

const mostDeaths = isLong ? 200 : 40;

test(`of ${mostDeaths} deaths, in which one build of four kills the daemon each time, only those builds fail`, async (t) => {
  await using shop = await storeShop({}, place);
  const poisonous = new Set<string>();
  const innocent = new Set<string>();
  let deaths = 0;
  while (deaths < mostDeaths) {
    const builds = Array.from({ length: 4 }, () => aBuild());
    const poison = builds[deaths % 4]?.id ?? '';
    for (const build of builds) {
      await shop.store.add(build);
      (build.id === poison ? poisonous : innocent).add(build.id);
    }
    for (let claims = await claimAll(shop); claims.length > 0; claims = await claimAll(shop)) {
      if (claims.some(({ build }) => build.id === poison)) {
        await die(shop);
        deaths++;
      } else for (const { build, token } of claims) await shop.store.finish(build.id, token, success);
    }
  }
  for (const id of innocent) assert.equal((await shop.store.find(id))?.status, 'succeeded');
  for (const id of poisonous) {
    const build = await shop.store.find(id);
    assert.deepEqual([build?.status, build?.fault?.code, build?.fault?.step], ['failed', 'daemon_crashed', 'boot']);
    assert.equal(build?.attempt, crashLimits.suspect.crashes + crashLimits.failed.crashes);
  }
  t.diagnostic(`${deaths} deaths; ${poisonous.size} builds were failed and ${innocent.size} succeeded`);
});

test('real daemons that one build of four kills end with that build failed and the others built', async () => {
  await using shop = await storeShop();
  const builds = [aBuild(), aBuild({ labels: { poison: 'yes' } }), aBuild(), aBuild()];
  for (const build of builds) await shop.store.add(build);
  await shop.store[Symbol.asyncDispose]();
  const child = fileURLToPath(new URL('suspects-child.js', import.meta.url));
  const daemon = async () => {
    const started = spawn(process.execPath, [child, shop.file], { stdio: ['ignore', 'ignore', 'inherit'] });
    const [code, signal] = (await once(started, 'exit')) as [number | null, string | null];
    return signal ?? code;
  };
  const kills = crashLimits.suspect.crashes + crashLimits.failed.crashes;
  for (let kill = 0; kill < kills; kill++) assert.equal(await daemon(), 'SIGKILL');
  assert.equal(await daemon(), 0);
  const store = await shop.reopen();
  const ends = await Promise.all(builds.map(async ({ id }) => (await store.find(id))?.status));
  assert.deepEqual(ends, ['succeeded', 'failed', 'succeeded', 'succeeded']);
});

test('five kills within the first 0.4 s of a build neither fail it nor make it wait for others', async () => {
  await using shop = await storeShop();
  const { build } = await shop.store.add(aBuild());
  for (let kill = 0; kill < 5; kill++) {
    await claimAll(shop, 400);
    await die(shop);
  }
  const after = await shop.store.find(build.id);
  assert.deepEqual([after?.status, after?.attemptsLeft, after?.isSuspect], ['queued', 3, false]);
});

test('a build is not blamed for a stop that was cut short, nor for a host that went down', async () => {
  await using shop = await storeShop();
  const { build } = await shop.store.add(aBuild());
  for (let stop = 0; stop < 10; stop++) {
    const claims = await claimAll(shop);
    const theirs = claims.map(({ token }) => token);
    await shop.store.stopping(theirs);
    // The heart goes on while the builds are being stopped.
    await shop.store.heartbeat(theirs, 30_000);
    await die(shop);
    await claimAll(shop);
    await die(shop, shop.clock.time + 1);
  }
  const after = await shop.store.find(build.id);
  assert.deepEqual([after?.status, after?.attempt, after?.isSuspect], ['queued', 20, false]);
});

test('a suspect waits until no other build runs, none overtakes it, and none starts while it runs', async () => {
  await using shop = await storeShop();
  const id = await suspect(shop);
  // One of higher priority runs already when the suspect comes to the head.
  const urgent = aBuild({ priority: 1 });
  await shop.store.add(urgent);
  const first = await claim(shop);
  assert.equal(first?.build.id, urgent.id);
  for (let later = 0; later < 10; later++) {
    await shop.store.add(aBuild());
    assert.equal(await claim(shop), undefined);
    assert.deepEqual(await shop.store.suspect(), { id, state: 'waits' });
  }
  await shop.store.finish(urgent.id, first?.token ?? '', success);
  const alone = await claim(shop);
  assert.equal(alone?.build.id, id);
  await shop.store.add(aBuild({ priority: 2 }));
  assert.equal(await claim(shop), undefined);
  assert.deepEqual(await shop.store.suspect(), { id, state: 'runs' });
  await shop.store.finish(id, alone?.token ?? '', success);
  assert.equal(await shop.store.suspect(), undefined);
  assert.equal((await claimAll(shop)).length, slots);
});

test('a held build does not keep a suspect waiting, and a death beside it is no death alone', async () => {
  await using shop = await storeShop();
  const id = await suspect(shop);
  for (let deaths = 0; deaths < 5; deaths++) {
    await shop.store.add(aBuild({ priority: 1 }));
    const held = await claim(shop);
    await shop.store.hold(
      held?.build.id ?? '',
      held?.token ?? '',
      { until: shop.clock.time + 1 },
      aFault('guest_panicked'),
    );
    const [alone] = await claimAll(shop);
    assert.equal(alone?.build.id, id);
    await die(shop);
  }
  assert.equal((await shop.store.find(id))?.status, 'queued');
});

test('a client sees in the events of a build that it runs alone from now on', async () => {
  await using shop = await storeShop();
  const id = await suspect(shop);
  const requeued = (await shop.store.events(id, 0, 100)).filter(({ type }) => type === 'build.requeued');
  assert.deepEqual(
    requeued.map(({ data }) => [data['deaths'], data['runsAlone']]),
    [
      [1, false],
      [2, true],
    ],
  );
});

test('a build whose end could not be written keeps a suspect waiting no longer than its lease', async () => {
  await using shop = await storeShop();
  const id = await suspect(shop);
  await shop.store.add(aBuild({ priority: 1 }));
  await claim(shop);
  assert.equal(await claim(shop), undefined);
  shop.clock.time += 30_000;
  assert.equal((await claim(shop))?.build.id, id);
});

test('a build is taken up in its attempt by the next daemon, and begins anew when its step has seen two of them crash', async () => {
  await using shop = await storeShop({}, place);
  const { build } = await shop.store.add(aBuild());
  const [first] = await claimAll(shop);
  assert.ok(first);
  const again = async (token: string) => {
    const store = await shop.reopen();
    return store.takeUp({ id: build.id, token, leaseMs: 30_000, hostBootedAt: 0 });
  };
  const taken = await again('second');
  assert.deepEqual([taken?.token, taken?.takenUp, taken?.build.attempt], ['second', true, 1]);
  assert.deepEqual(await shop.store.recover({ except: [build.id] }), []);
  await assert.rejects(shop.store.endStep(build.id, first.token, 1), /no longer valid/);
  const events = await shop.store.events(build.id, 0, 100);
  assert.deepEqual(
    events.filter(({ type }) => type === 'build.taken_up').map(({ data }) => data),
    [{ attempt: 1, step: 'boot' }],
  );
  shop.clock.time += crashLimits.crashAfterMs;
  await shop.store.heartbeat(['second'], 30_000);
  assert.equal(await again('third'), undefined);
  assert.deepEqual(await shop.store.recover({ anew: new Map([[build.id, 'a reason']]) }), [build.id]);
  const anew = await shop.store.find(build.id);
  assert.equal(anew?.status, 'queued');
  assert.match(anew.fault?.message ?? '', /begins anew, for a reason/);
});

test('a build that is to be cancelled, and one that is held, are not taken up', async () => {
  await using shop = await storeShop({}, place);
  for (const end of ['cancel', 'hold'] as const) {
    const { build } = await shop.store.add(aBuild());
    const [claimed] = await claimAll(shop);
    assert.ok(claimed);
    if (end === 'cancel') await shop.store.cancel(build.id);
    else await shop.store.hold(build.id, claimed.token, { until: 1 }, aFault('provisioner_failed'));
    const store = await shop.reopen();
    const ask = { id: build.id, token: end, leaseMs: 30_000, hostBootedAt: 0 };
    assert.equal(await store.takeUp(ask), undefined);
    await store.recover();
  }
});
