import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openStore } from '../src/queue/sqlite/open-store.ts';
import {
  aBuild,
  aFault,
  anArtifact,
  claimed,
  failsAs,
  migrations,
  nobody,
  hostWith,
  roomy,
  storeShop,
} from './store-shop.ts';

test('a claim carries the build, what it is made from, and a token without which nothing can be written', async () => {
  await using shop = await storeShop();
  const asked = aBuild();
  await shop.store.add(asked);
  const { build, input, token } = await claimed(shop.store, 'mine');
  const { id } = build;
  assert.deepEqual(build, await shop.store.find(asked.id));
  assert.deepEqual(input.plan, asked.plan);
  assert.deepEqual([build.status, build.attempt, build.attemptsLeft, build.slot], ['running', 1, 2, 0]);
  assert.equal(build.host, 'localhost');

  const lost = failsAs('lease_lost');
  await assert.rejects(shop.store.beginStep(id, 'stolen', { name: 'boot', phase: 'booting' }), lost);
  await assert.rejects(shop.store.endStep(id, 'stolen', 1), lost);
  await assert.rejects(shop.store.event(id, 'boot.progress', { line: 'x' }, 'stolen'), lost);
  await assert.rejects(shop.store.hold(id, 'stolen', { until: 1 }, aFault('internal')), lost);
  await assert.rejects(shop.store.finish(id, 'stolen', { status: 'succeeded', artifacts: [] }), lost);
  assert.deepEqual(await shop.store.heartbeat([token, 'stolen'], 1000), ['stolen']);
  assert.equal((await shop.store.find(id))?.version, build.version);

  await shop.store.finish(id, token, { status: 'succeeded', artifacts: [] });
  await assert.rejects(shop.store.finish(id, token, { status: 'succeeded', artifacts: [] }), lost);
});

test('every change appends one event with the next number, which is the version of the build', async () => {
  await using shop = await storeShop();
  const asked = aBuild();
  const { id } = asked;
  await shop.store.add(asked);
  const { token } = await claimed(shop.store);
  const one = await shop.store.beginStep(id, token, { name: 'boot', phase: 'booting' });
  await shop.store.endStep(id, token, one);
  const two = await shop.store.beginStep(id, token, { name: 'halt', phase: 'booting' });
  await shop.store.event(id, 'boot.progress', { line: 'syspatch' }, token);
  await shop.store.endStep(id, token, two, aFault('step_timeout'));
  await assert.rejects(shop.store.endStep(id, token, two), failsAs('not_found'));
  await shop.store.hold(id, token, { until: shop.clock.now() + 5_000, ssh: 'ssh -p 1' }, aFault('step_timeout'));
  await shop.store.setHold(id, shop.clock.now() + 9_000);
  await shop.store.cancel(id);
  await shop.store.finish(id, token, { status: 'cancelled', fault: aFault('cancelled') });

  const events = await shop.store.events(id, 0, 100);
  assert.deepEqual(
    events.map(({ type }) => type),
    [
      ...['build.queued', 'build.running', 'build.phase', 'step.started', 'step.ended', 'step.started'],
      ...['boot.progress', 'step.ended', 'build.held', 'build.held', 'build.cancel_requested', 'build.cancelled'],
    ],
  );
  assert.deepEqual(
    events.map(({ seq }) => seq),
    events.map((_, at) => at + 1),
  );
  assert.equal((await shop.store.find(id))?.version, events.length);
  assert.deepEqual(
    (await shop.store.events(id, 3, 2)).map(({ seq }) => seq),
    [4, 5],
  );
  const [first, second] = await shop.store.steps(id);
  assert.deepEqual([first?.name, first?.attempt, first?.fault], ['boot', 1, undefined]);
  assert.equal(second?.fault?.code, 'step_timeout');
});

test('a build that succeeded has its artifacts in order, an event for each, and never changes again', async () => {
  await using shop = await storeShop();
  const asked = aBuild();
  await shop.store.add(asked);
  const { token } = await claimed(shop.store);
  await shop.store.beginStep(asked.id, token, { name: 'publish', phase: 'publishing' });
  const artifacts = [anArtifact('z.qcow2'), anArtifact('a.raw')];
  await shop.store.finish(asked.id, token, { status: 'succeeded', artifacts });
  assert.deepEqual(await shop.store.artifacts(asked.id), artifacts);
  const ended = await shop.store.find(asked.id);
  assert.deepEqual([ended?.status, ended?.phase, ended?.slot], ['succeeded', 'publishing', undefined]);
  assert.deepEqual(await shop.store.cancel(asked.id), ended);
  const events = await shop.store.events(asked.id, 0, 100);
  const published = events.filter(({ type }) => type === 'artifact.published').map(({ data }) => data);
  assert.deepEqual(
    published.map(({ mediaType, format }) => [mediaType, format]),
    [
      ['application/x-qemu-disk', 'qcow2'],
      ['application/x-qemu-disk', 'qcow2'],
    ],
  );
});

test('a queued build is cancelled at once, a running one is asked to once', async () => {
  await using shop = await storeShop();
  const [queued, running] = [aBuild(), aBuild({ priority: 1 })];
  await Promise.all([shop.store.add(queued), shop.store.add(running)]);
  const { token } = await claimed(shop.store);
  const gone = await shop.store.cancel(queued.id);
  assert.deepEqual([gone?.status, gone?.fault?.code], ['cancelled', 'cancelled']);
  const asked = await shop.store.cancel(running.id);
  assert.deepEqual([asked?.status, asked?.cancelRequested], ['running', true]);
  assert.deepEqual(await shop.store.cancel(running.id), asked);
  await shop.store.finish(running.id, token, { status: 'queued', losesAttempt: false, notBefore: 0 });
  assert.equal((await shop.store.find(running.id))?.status, 'cancelled', 'it is not queued again');
  assert.equal(await shop.store.cancel(nobody), undefined);
});

test('a build goes back to the queue with or without its attempt, and waits for its pause', async () => {
  await using shop = await storeShop();
  const asked = aBuild();
  const { id } = asked;
  await shop.store.add(asked);
  assert.equal(await shop.store.nextDue(), 0);
  const first = await claimed(shop.store);
  assert.equal(await shop.store.nextDue(), undefined);
  const step = await shop.store.beginStep(id, first.token, { name: 'boot', phase: 'booting' });
  const notBefore = shop.clock.time + 2000;
  const fault = aFault('hypervisor_failed');
  await shop.store.finish(id, first.token, { status: 'queued', losesAttempt: true, notBefore, fault });
  assert.equal(await shop.store.nextDue(), notBefore);
  assert.equal(await shop.store.claim({ token: 't', slot: 0, room: hostWith(roomy), leaseMs: 1 }), undefined);
  const [left] = await shop.store.steps(id);
  assert.deepEqual([left?.seq, left?.endedAt, left?.fault?.code], [step, shop.clock.time, 'hypervisor_failed']);

  shop.clock.time = notBefore;
  const second = await claimed(shop.store);
  assert.deepEqual([second.build.attempt, second.build.attemptsLeft, second.build.fault], [2, 1, undefined]);
  await shop.store.finish(id, second.token, { status: 'queued', losesAttempt: false, notBefore: 0 });
  const third = await claimed(shop.store);
  assert.deepEqual([third.build.attempt, third.build.attemptsLeft], [3, 1]);
  assert.equal(third.build.startedAt, first.build.startedAt);
});

test('only a held build can be held longer, and one whose daemon stops fails with its own fault', async () => {
  await using shop = await storeShop();
  const asked = aBuild();
  const { id } = asked;
  await shop.store.add(asked);
  await assert.rejects(shop.store.setHold(id, 1), failsAs('build_not_held'));
  await assert.rejects(shop.store.setHold(nobody, 1), failsAs('not_found'));
  const { token } = await claimed(shop.store);
  const until = shop.clock.now() + 20_000;
  await shop.store.hold(id, token, { until: until - 10_000, ssh: 'ssh root@here' }, aFault('provisioner_failed'));
  const held = await shop.store.setHold(id, until);
  assert.deepEqual([held.status, held.hold], ['held', { until, ssh: 'ssh root@here' }]);
  await shop.store.finish(id, token, { status: 'queued', losesAttempt: false, notBefore: 0 });
  const ended = await shop.store.find(id);
  assert.deepEqual([ended?.status, ended?.fault?.code, ended?.hold], ['failed', 'provisioner_failed', undefined]);
});

test('a resumed build runs again without its fault, of what was sent, and the files that it began with are kept too', async () => {
  await using shop = await storeShop();
  const { store } = shop;
  const { build } = await store.add(aBuild({ contextId: 'first', sensitive: ['a'] }));
  const { id } = build;
  await claimed(store, 'w');
  const resumption = { by: 'me', from: 'setup' };
  await assert.rejects(store.resume(id, 'w', resumption), /is running, and must not become running/);
  const hold = () => store.hold(id, 'w', { until: 1, ssh: 'ssh x' }, aFault('provisioner_failed'));
  await hold();
  await assert.rejects(store.resume(id, 'stolen', resumption), failsAs('lease_lost'));
  await store.resume(id, 'w', resumption);
  const now = await store.find(id);
  assert.deepEqual([now?.status, now?.fault, now?.hold, now?.contextId], ['running', undefined, undefined, 'first']);
  const beganWith = { files: [], secrets: [{ name: 's', version: 2 }], sent: ['b'] };
  const mended = {
    template: { name: 'mended' },
    variables: { a: 'x' },
    plan: [],
    contextId: 'second',
    sensitive: ['a', 'b'],
    beganWith,
  };
  await hold();
  await store.resume(id, 'w', { ...resumption, mended });
  await hold();
  await store.resume(id, 'w', { ...resumption, mended: { ...mended, contextId: 'third' } });
  const frozen = await store.frozen(id);
  assert.deepEqual([frozen?.build.contextId, frozen?.build.sensitive], ['third', ['a', 'b']]);
  assert.deepEqual(frozen?.input, { template: { name: 'mended' }, variables: { a: 'x' }, plan: [] });
  assert.deepEqual(frozen.beganWith, beganWith);
  assert.deepEqual([...(await store.contexts())].toSorted(), ['first', 'third']);
  const told = (await store.events(id, 0, 99)).filter(({ type }) => type === 'build.resumed');
  assert.deepEqual(told.map(({ data }) => data), [resumption, { ...resumption, mended: true }, { ...resumption, mended: true }]); // prettier-ignore
  await store.finish(id, 'w', { status: 'succeeded', artifacts: [] });
  assert.equal((await store.find(id))?.status, 'succeeded');
});

test('recovery requeues what ran with its attempt, cancels what was to be cancelled, fails what was held', async () => {
  await using shop = await storeShop();
  const [ran, toCancel, held, queued] = [aBuild(), aBuild(), aBuild(), aBuild()];
  await Promise.all([ran, toCancel, held, queued].map((build) => shop.store.add(build)));
  const { token: ranToken } = await claimed(shop.store);
  await claimed(shop.store);
  const { token: heldToken } = await claimed(shop.store);
  await shop.store.beginStep(ran.id, ranToken, { name: 'boot', phase: 'booting' });
  await shop.store.cancel(toCancel.id);
  await shop.store.hold(held.id, heldToken, { until: 1 }, aFault('guest_panicked'));

  const store = await shop.reopen();
  assert.deepEqual(await store.recover(), [ran.id, toCancel.id, held.id]);
  const after = await Promise.all([ran, toCancel, held, queued].map(({ id }) => store.find(id)));
  assert.deepEqual(
    after.map((build) => [build?.status, build?.fault?.code]),
    [
      ['queued', 'lease_lost'],
      ['cancelled', 'cancelled'],
      ['failed', 'guest_panicked'],
      ['queued', undefined],
    ],
  );
  assert.deepEqual([after[0]?.attempt, after[0]?.attemptsLeft], [1, 3]);
  assert.equal((await store.steps(ran.id))[0]?.fault?.code, 'lease_lost');
  await assert.rejects(store.event(ran.id, 'boot.progress', { line: 'x' }, ranToken), failsAs('lease_lost'));
  assert.deepEqual(await store.recover(), []);
});

test('recovery leaves what another host has claimed until its lease is over, and then blames no death on it', async () => {
  await using shop = await storeShop({ host: 'there' });
  const [claimedThere, later] = [aBuild({ priority: 1 }), aBuild()];
  await Promise.all([claimedThere, later].map((build) => shop.store.add(build)));
  const { build, token } = await claimed(shop.store);
  assert.equal(build.host, 'there');
  await shop.store.beginStep(build.id, token, { name: 'boot', phase: 'booting' });
  const there = shop.store;
  await there[Symbol.asyncDispose]();
  const place = { file: shop.file, migrations, clock: shop.clock, host: 'here' };
  {
    await using here = await openStore(place);
    assert.deepEqual([await here.leftovers(), await here.recover()], [[], []]);
    assert.equal((await here.find(build.id))?.status, 'running');
    await claimed(here);
    shop.clock.time += 30_000;
    assert.deepEqual(await here.leftovers(), [build.id, later.id]);
  }
  await using here = await openStore(place);
  assert.deepEqual(await here.recover(), [build.id, later.id]);
  const requeued = await Promise.all([build, later].map(({ id }) => here.events(id, 0, 100)));
  assert.deepEqual(
    requeued.map((events) => events.at(-1)?.data['deaths']),
    [undefined, 1],
  );
});
