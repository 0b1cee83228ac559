import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { z } from 'zod';
import { eventsOf } from '../fixtures/follow-events.ts';
import { isVmd } from '../fixtures/hypervisor.ts';
import { startImaged, type BuildView, type Imaged } from '../fixtures/imaged.ts';
import { longOnly } from '../fixtures/long.ts';
import { exampleFor, postContext, succeeded, tarOf, textOf } from '../fixtures/tiny-builds.ts';

let imaged: Imaged;
/** Holds a copy of the example, which the test changes. */
let home: string;
let folder: string;

before(async () => {
  home = await mkdtemp(join(tmpdir(), 'layers-test-'));
  folder = await exampleFor(home);
  imaged = await startImaged({ tables: '[cache]\nenabled = true\n[hypervisor.qemu]\naccelerator = "tcg"' });
});

after(async () => {
  await imaged[Symbol.asyncDispose]();
  await rm(home, { recursive: true, force: true });
});

const build = async (query = ''): Promise<BuildView> =>
  succeeded(imaged, (await postContext(imaged, await tarOf(folder), 'application/x-tar', query)).id);

const eventsNamed = async (id: string, ...types: readonly string[]) =>
  (await eventsOf(imaged, id)).filter(({ type }) => types.includes(type));

const stepsOf = async (id: string): Promise<readonly string[]> =>
  (await eventsNamed(id, 'step.started')).map(({ data }) => String(data['name']));

const artifactOf = async (id: string): Promise<string> => {
  const reply = await imaged.call(`/builds/${id}/artifacts/SHA256`);
  assert.equal(reply.status, 200);
  return reply.text();
};

const changeScript = async (words: string): Promise<void> => {
  const script = join(folder, 'provision.sh');
  await writeFile(script, `${await readFile(script, 'utf8')}\necho ${words}\n`);
};

type CachedStep = { readonly name: string; readonly cache?: { readonly outcome: string; readonly why?: string } };

type Plan = {
  readonly plan: readonly CachedStep[];
  readonly from_cache?: string;
  readonly goes_on_from?: { readonly step: string; readonly build: string; readonly saved_seconds: number };
};

/** What a build of the example would find kept now. */
const validated = async (): Promise<Plan> => {
  const reply = await imaged.call('/builds?validate=true', {
    method: 'POST',
    headers: { 'content-type': 'application/x-tar' },
    body: new Uint8Array(await tarOf(folder)),
  });
  assert.equal(reply.status, 200);
  return (await reply.json()) as Plan;
};

const cacheOf = ({ plan }: Pick<Plan, 'plan'>, step: string) => plan.find(({ name }) => name === step)?.cache;

/** What a build found kept when it looked. */
const lookedUp = async (id: string) => (await (await imaged.call(`/builds/${id}/input`)).json()) as Pick<Plan, 'plan'>;

const changed = 'provisioners/1: file provision.sh has changed';

test('the same input is never worked at twice: a second build has its artifacts by name, a changed script goes on from what was before it', async (t) => {
  const first = await build();
  const kept = (await eventsNamed(first.id, 'layer.kept')).map(({ data }) => data['kind']);
  await t.test('the first build keeps what it makes', () =>
    // How many machines depends on how long each step took.
    assert.deepEqual([...new Set(kept)], isVmd ? ['disk', 'artifacts'] : ['disk', 'machine', 'artifacts']),
  );

  await t.test('validate says that the whole is known, and changes nothing by it', async () => {
    const layers = async () => (await imaged.call('/layers')).text();
    const before = await layers();
    const plan = await validated();
    assert.equal(plan.from_cache, first.id);
    assert.ok((plan.goes_on_from?.saved_seconds ?? 0) > 0);
    assert.deepEqual([...new Set(plan.plan.map(({ cache }) => cache?.outcome))], ['hit']);
    assert.equal(await layers(), before);
  });

  await t.test('the second publishes the files of the first', async () => {
    const second = await build();
    assert.deepEqual(await stepsOf(second.id), ['link-artifacts']);
    assert.equal(await artifactOf(second.id), await artifactOf(first.id));
    assert.equal(second['from_cache'], first.id);
  });

  await t.test('with another script it goes on from what came before that', async () => {
    await changeScript('changed once');
    const plan = await validated();
    assert.equal(cacheOf(plan, 'install')?.outcome, 'hit');
    assert.deepEqual(cacheOf(plan, 'shut-down'), { outcome: 'miss', why: changed });
    const other = await build();
    assert.deepEqual((await lookedUp(other.id)).plan, plan.plan);
    const [hit] = await eventsNamed(other.id, 'layer.hit');
    // The file before the script is kept too where sending it took long.
    assert.match(String(hit?.data['step']), isVmd ? /^await-end-of-install$/ : /^(connect|file-1)$/);
    const [missed] = await eventsNamed(other.id, 'layer.missed');
    assert.equal(missed?.data['why'], changed);
    const steps = await stepsOf(other.id);
    assert.ok(!steps.includes('install'), String(steps));
    assert.equal(steps.includes('boot-from-disk'), isVmd);
    assert.match(await textOf(imaged, other.id, 'log'), /changed once/);
    assert.notEqual(await artifactOf(other.id), await artifactOf(first.id));
  });

  await t.test('with cache=off it takes nothing and keeps nothing', longOnly, async () => {
    const plain = await build('?cache=off');
    assert.ok((await stepsOf(plain.id)).includes('install'));
    assert.deepEqual(await eventsNamed(plain.id, 'layer.kept', 'layer.hit', 'layer.missed'), []);
  });
});

test('of two builds with the same input one works, and the other waits and has what it made', longOnly, async () => {
  await changeScript('for two');
  const body = await tarOf(folder);
  const [one, other] = await Promise.all([
    postContext(imaged, body, 'application/x-tar'),
    postContext(imaged, body, 'application/x-tar'),
  ]);
  await Promise.all([succeeded(imaged, one.id), succeeded(imaged, other.id)]);
  const worked = await Promise.all([one, other].map(async ({ id }) => (await stepsOf(id)).length));
  assert.equal(Math.min(...worked), 1, String(worked));
  assert.equal(await artifactOf(one.id), await artifactOf(other.id));
  const awaited = await Promise.all(
    [one, other].map(async ({ id }) => (await eventsNamed(id, 'layer.awaited')).length),
  );
  assert.equal(awaited.filter((count) => count > 0).length, 1);
});

test(
  'a build that may only go on from what is kept fails where nothing is, and says what has changed',
  longOnly,
  async () => {
    await changeScript('never built');
    const { id } = await postContext(imaged, await tarOf(folder), 'application/x-tar', '?cache=only');
    const failed = await imaged.ended(id);
    assert.equal(failed.fault?.code, 'nothing_kept');
    assert.ok(failed.fault.message.includes(changed), failed.fault.message);
    assert.equal(cacheOf(await lookedUp(id), 'shut-down')?.why, changed);
  },
);

test(
  'a machine that was kept behind a script that took the login away is thrown away, and the build succeeds without it',
  longOnly,
  async (t) => {
    if (isVmd) return t.skip('vmd keeps no running machine');
    const file = join(folder, 'template.json');
    const template = z
      .looseObject({ provisioners: z.array(z.unknown()) })
      .parse(JSON.parse(await readFile(file, 'utf8')));
    const [motd, script] = template.provisioners;
    const taker = { type: 'shell', name: 'take-login', inline: [': >/root/.ssh/authorized_keys'], checkpoint: true };
    await writeFile(file, JSON.stringify({ ...template, provisioners: [motd, taker, script] }));
    const first = await build();
    const kept = (await eventsNamed(first.id, 'layer.kept')).map(({ data }) => data['step']);
    assert.ok(kept.includes('take-login'), String(kept));
    await changeScript('behind it');
    const second = await build();
    const hits = (await eventsNamed(second.id, 'layer.hit')).map(({ data }) => data['step']);
    assert.equal(hits[0], 'take-login');
    assert.ok(hits.length === 2 && hits[1] !== 'take-login', String(hits));
    const [again] = await eventsNamed(second.id, 'build.requeued');
    assert.equal((again?.data['fault'] as { code?: string } | undefined)?.code, 'layer_unusable');
    assert.equal(again?.data['loses_attempt'], false);
    assert.match(await textOf(imaged, second.id, 'log'), /behind it/);
    const keptBy = async ({ id }: BuildView) =>
      [...(await eventsNamed(id, 'layer.kept')), ...(await eventsNamed(id, 'layer.not_kept'))]
        .filter(({ data }) => data['step'] === 'take-login')
        .map(({ data }) => data['why']);
    assert.deepEqual(await keptBy(second), [undefined]);
    await changeScript('and once more');
    assert.deepEqual(await keptBy(await build()), ['no build could go on from what was kept there before']);
  },
);
