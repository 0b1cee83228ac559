import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { z } from 'zod';
import { startImaged, type BuildView, type Imaged } from '../fixtures/imaged.ts';
import { artifactFiles, machinesOf, proveNothingLeft, proveSound } from '../fixtures/left-behind.ts';
import { firstUnlessLong, longOnly } from '../fixtures/long.ts';
import { cycle, visit } from '../fixtures/quick-templates.ts';

const run = promisify(execFile);
const settings = 'workers = 1';
const tables = '[hypervisor.qemu]\naccelerator = "tcg"';

const Hold = z.object({
  held: z.boolean(),
  until: z.string().optional(),
  ssh: z.string().optional(),
  console: z.string(),
});

const holdOf = async (imaged: Imaged, id: string) => Hold.parse(await (await imaged.call(`/builds/${id}/hold`)).json());

/** What the console shows from now on, until the text comes. */
const hear = async (imaged: Imaged, id: string, text: string, after: number): Promise<void> => {
  const reply = await imaged.call(`/builds/${id}/console?follow=true&offset=${after}`);
  let heard = '';
  for await (const chunk of reply.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    heard += chunk;
    if (heard.includes(text)) return;
  }
  assert.fail(`never heard ${text} in ${heard}`);
};

/** Posts a build that is to be held, and waits until it is. */
const held = async (imaged: Imaged, template: object, code: string): Promise<BuildView> => {
  const { id } = await imaged.post({ template, on_error: 'hold' });
  const build = await imaged.until(id, ({ status }) => status !== 'queued' && status !== 'running');
  assert.deepEqual([build.status, build.fault?.code], ['held', code], JSON.stringify(build));
  assert.equal((await machinesOf(imaged)).length, 1);
  return build;
};

const proveFailed = async (imaged: Imaged, id: string, code: string): Promise<void> => {
  const build = await imaged.ended(id);
  assert.deepEqual([build.status, build.fault?.code, build.attempt], ['failed', code, 1], JSON.stringify(build));
  await proveNothingLeft(imaged);
  assert.deepEqual(await artifactFiles(imaged, id), []);
  assert.equal((await holdOf(imaged, id)).held, false);
};

// Fails as soon as its machine has said its first word.
const soonHeld = () =>
  cycle({ install: { console: [{ hear: 'what it never says', within: '1h', refuse: ['cycle#'] }] } });
const itsFault = 'console_refused';

test('a failed build is held: its guest is reached by ssh and by console, for as long as its client says', async () => {
  await using imaged = await startImaged({ settings, tables });
  const template = visit({ provisioners: [{ type: 'shell', inline: ['echo was here >/root/mark', 'exit 3'] }] });
  const { id } = await held(imaged, template, 'provisioner_failed');

  const first = await holdOf(imaged, id);
  assert.ok(first.held && first.until !== undefined && first.ssh !== undefined);
  assert.ok(Date.parse(first.until) > Date.now());
  const [program = '', ...args] = imaged.beside(['/bin/sh', '-c', `${first.ssh} cat /root/mark`]);
  const { stdout } = await run(program, args);
  assert.equal(stdout, 'was here\n');

  const already = (await (await imaged.call(`/builds/${id}/console`)).arrayBuffer()).byteLength;
  const typed = await imaged.call(`/builds/${id}/console`, {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body: 'echo forty-$((6 * 7))\r',
  });
  assert.equal(typed.status, 204);
  await hear(imaged, id, 'forty-42', already);

  const hour = 60 * 60_000;
  const prolonged = await imaged.call(`/builds/${id}/hold`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: '{"minutes": 120}',
  });
  assert.equal(prolonged.status, 200);
  const { until = '' } = await holdOf(imaged, id);
  assert.ok(Date.parse(until) > Date.now() + hour);
  assert.equal((await machinesOf(imaged)).length, 1);

  assert.equal((await imaged.call(`/builds/${id}/hold`, { method: 'DELETE' })).status, 204);
  await proveFailed(imaged, id, 'provisioner_failed');
  assert.equal((await imaged.call(`/builds/${id}/hold`, { method: 'DELETE' })).status, 409);
});

test('a hold ends by itself with its lease', async (t) => {
  await using imaged = await startImaged({ settings, tables: `${tables}\n[limits]\nhold = "3s"` });
  const { id } = await held(imaged, await soonHeld(), itsFault);
  const began = performance.now();
  await proveFailed(imaged, id, itsFault);
  const tookMs = performance.now() - began;
  t.diagnostic(`a lease of 3 s ended after ${Math.round(tookMs)} ms`);
  assert.ok(tookMs > 2000);
});

test('a held build is cancelled, and its machine is gone within 5 s', longOnly, async (t) => {
  await using imaged = await startImaged({ settings, tables });
  const { id } = await held(imaged, await soonHeld(), itsFault);
  assert.equal((await imaged.call(`/builds/${id}`, { method: 'DELETE' })).status, 409);
  const began = performance.now();
  assert.equal((await imaged.call(`/builds/${id}/cancel`, { method: 'POST' })).status, 202);
  await proveNothingLeft(imaged);
  const tookMs = performance.now() - began;
  t.diagnostic(`held: machine gone after ${Math.round(tookMs)} ms`);
  assert.ok(tookMs < 5000);
  const build = await imaged.ended(id);
  assert.deepEqual([build.status, build.fault?.code], ['cancelled', 'cancelled']);
});

for (const signal of firstUnlessLong(['SIGKILL', 'SIGTERM'] as const))
  test(`a build that is held when the daemon gets ${signal} has failed with its own fault after the restart`, async () => {
    await using imaged = await startImaged({ settings, tables });
    const { id } = await held(imaged, await soonHeld(), itsFault);
    const code = await imaged.kill(signal);
    if (signal === 'SIGTERM') assert.equal(code, 0);
    assert.equal((await machinesOf(imaged)).length, signal === 'SIGTERM' ? 0 : 1);
    await imaged.start();
    await proveFailed(imaged, id, itsFault);
    await proveSound(imaged);
  });
