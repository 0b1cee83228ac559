import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { z } from 'zod';
import { awaitEvent, eventsOf } from '../fixtures/follow-events.ts';
import { startImaged, type BuildView, type Imaged } from '../fixtures/imaged.ts';
import { artifactFiles, machinesOf, proveNothingLeft } from '../fixtures/left-behind.ts';
import { longOnly } from '../fixtures/long.ts';
import { visit } from '../fixtures/quick-templates.ts';
import { postContext, tarOf } from '../fixtures/tiny-builds.ts';

const settings = 'workers = 1';
const tables = '[hypervisor.qemu]\naccelerator = "tcg"';
const gzip = 'application/x-tar';

const Problem = z.looseObject({
  code: z.string(),
  detail: z.string(),
  errors: z.array(z.looseObject({ pointer: z.string(), message: z.string() })).default([]),
});

/** An archive of a template and the script that it runs. */
const context = async (template: object, script: string): Promise<Buffer> => {
  const folder = await mkdtemp(join(tmpdir(), 'resume-'));
  try {
    await writeFile(join(folder, 'template.json'), JSON.stringify(template));
    await writeFile(join(folder, 'setup.sh'), script);
    return await tarOf(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
};

const mark = { type: 'shell', name: 'mark', inline: ['echo once >>/root/marks'] };
const setup = { type: 'shell', name: 'setup', script: 'setup.sh' };
const check = { type: 'shell', name: 'check', inline: ['test "$(cat /root/marks)" = "$(printf "once\\nmended")"'] };

const template = visit({ provisioners: [mark, setup, check] });

const resume = (imaged: Imaged, id: string, body?: Buffer | object, query = '') =>
  imaged.call(`/builds/${id}/resume${query}`, {
    method: 'POST',
    ...(body === undefined
      ? {}
      : body instanceof Buffer
        ? { headers: { 'content-type': gzip }, body: new Uint8Array(body) }
        : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });

const Steps = z.object({ items: z.array(z.looseObject({ name: z.string(), fault: z.unknown().optional() })) });

const stepsOf = async (imaged: Imaged, id: string) =>
  Steps.parse(await (await imaged.call(`/builds/${id}/steps`)).json()).items;

/** Waits until the build is held, or has ended, after the event with this number. */
const untilHeld = (imaged: Imaged, id: string, after = 0): Promise<BuildView> =>
  imaged.until(
    id,
    ({ status, ...build }) => Number(build['version']) > after && status !== 'queued' && status !== 'running',
  );

test('a held build goes on with a mended script: what had gone well does not run again, and it succeeds', async () => {
  await using imaged = await startImaged({ settings, tables });
  const { id } = await postContext(imaged, await context(template, 'exit 3\n'), gzip, '?on_error=hold');
  const held = await untilHeld(imaged, id);
  assert.deepEqual([held.status, held.fault?.code], ['held', 'provisioner_failed']);

  assert.equal((await resume(imaged, id)).status, 204);
  const still = await untilHeld(imaged, id, Number(held['version']) + 1);
  assert.deepEqual([still.status, still.fault?.code], ['held', 'provisioner_failed']);

  const inline = { type: 'shell', name: 'setup', inline: ['true'] };
  const sent = (change: object) => ({ template: visit({ provisioners: [mark, inline, check], ...change }) });
  const byHand = { type: 'console', name: 'mark', console: [{ say: 'x' }] };
  const secret = { default: 'never said before', sensitive: true };
  const others = [
    [{ from: 'seutp' }, 400, '/from', /did you mean "setup"/],
    [{ from: 'make-workspace' }, 409, undefined, /cannot be run again in a machine that runs/],
    [sent({ provisioners: [byHand, inline] }), 422, '/template/provisioners/0', /is of type console/],
    [sent({ provisioners: [inline, mark] }), 422, '/template', /has "setup" as its step \d+/],
    [sent({ machine: { ...template.machine, memory: '128M' } }), 422, '/template/machine', /runs already/],
    [sent({ variables: { key: secret } }), 422, '/template/variables', /does not mask/],
  ] as const;
  for (const [body, status, pointer, message] of others) {
    const reply = await resume(imaged, id, body);
    const problem = Problem.parse(await reply.json());
    assert.equal(reply.status, status, JSON.stringify(problem));
    assert.equal(problem.errors[0]?.pointer, pointer);
    assert.match(problem.detail, message);
  }
  assert.equal((await machinesOf(imaged)).length, 1);

  const mended = await resume(imaged, id, await context(template, 'echo mended >>/root/marks\n'), '?from=setup');
  assert.equal(mended.status, 204, await mended.text());
  const { status, fault } = await imaged.ended(id);
  assert.equal(status, 'succeeded', JSON.stringify(fault));
  assert.deepEqual(await artifactFiles(imaged, id), ['SHA256', 'visit.qcow2']);
  const names = (await stepsOf(imaged, id)).map(({ name }) => name);
  const times = (name: string) => names.filter((one) => one === name).length;
  assert.deepEqual(['mark', 'setup', 'check', 'connect', 'reconnect', 'publish'].map(times), [1, 3, 1, 1, 2, 1]);
  const resumed = (await eventsOf(imaged, id)).filter(({ type }) => type === 'build.resumed');
  assert.deepEqual(
    resumed.map(({ data }) => [data['from'], data['mended']]),
    [
      ['setup', undefined],
      ['setup', true],
    ],
  );
  await proveNothingLeft(imaged);
  assert.equal((await resume(imaged, id)).status, 409);
});

test(
  'a held build goes on from an earlier step where that is asked, after a step whose time was over',
  longOnly,
  async () => {
    await using imaged = await startImaged({ settings, tables });
    const slow = { type: 'shell', name: 'slow', inline: ['test -e /root/again || sleep 600'], timeout: '2s' };
    const { id } = await imaged.post({ template: visit({ provisioners: [mark, slow] }), on_error: 'hold' });
    const held = await untilHeld(imaged, id);
    assert.deepEqual([held.status, held.fault?.step], ['held', 'slow']);
    const quick = visit({
    provisioners: [
      { type: 'shell', name: 'mark', inline: ['echo twice >>/root/marks; test $(wc -l </root/marks) -eq 2; touch /root/again'] },
      { ...slow, timeout: '1m' },
    ],
  }); // prettier-ignore
    assert.equal((await resume(imaged, id, { from: 'mark', template: quick })).status, 204);
    const { status, fault } = await imaged.ended(id);
    assert.equal(status, 'succeeded', JSON.stringify(fault));
    const names = (await stepsOf(imaged, id)).map(({ name }) => name);
    assert.equal(names.filter((name) => name === 'mark').length, 2);
    await proveNothingLeft(imaged);
  },
);

test('a resumed build whose daemon is killed begins anew with what it was resumed with', longOnly, async () => {
  await using imaged = await startImaged({ settings, tables });
  const { id } = await postContext(imaged, await context(template, 'exit 3\n'), gzip, '?on_error=hold');
  await untilHeld(imaged, id);
  const look = { type: 'breakpoint', name: 'look' };
  const mended = { ...template, provisioners: [mark, setup, check, look] };
  const paused = (after: number) => awaitEvent(imaged, id, ({ type }) => type === 'build.paused', after);
  assert.equal((await resume(imaged, id, await context(mended, 'echo mended >>/root/marks\n'))).status, 204);
  const before = await paused(0);
  assert.ok(before !== undefined);
  assert.equal((await resume(imaged, id, { from: 'setup' })).status, 400);
  await imaged.kill('SIGKILL');
  await imaged.start();
  assert.ok((await paused(before.seq)) !== undefined);
  assert.equal((await resume(imaged, id)).status, 204);
  const { status, attempt, fault } = await imaged.ended(id);
  assert.deepEqual([status, attempt], ['succeeded', 2], JSON.stringify(fault));
  await proveNothingLeft(imaged);
});
