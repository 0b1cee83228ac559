import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../src/base/clock.ts';
import { cleanupStack } from '../src/base/cleanup.ts';
import { isLong } from './fixtures/hypervisor.ts';
import { shelfIn } from './layer-shop.ts';
import { storeShop } from './store-shop.ts';

const child = fileURLToPath(new URL('layer-child.js', import.meta.url));
const never = new AbortController().signal;

/** Lets the child work for a while, kills it, and gives the number of layers that it kept. */
const killedAfter = async (file: string, root: string, ms: number): Promise<number> => {
  const maker = spawn(process.execPath, [child, file, root], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(maker, 'exit');
  const lines = createInterface({ input: maker.stdout });
  const closed = once(lines, 'close');
  let kept = 0;
  const opened = new Promise<void>((resolve) => {
    lines.on('line', (line) => {
      if (line === 'open') resolve();
      else kept++;
    });
  });
  await Promise.race([opened, exited]);
  await systemClock.sleep(ms, never);
  maker.kill('SIGKILL');
  const [, signal] = (await exited) as [number | null, string | null];
  assert.equal(signal, 'SIGKILL', 'the child worked until it was killed');
  await closed;
  return kept;
};

const kills = isLong ? 300 : 5;

test(`${kills} kills while layers are made, taken, evicted and deleted leave whole layers and no other file`, async (t) => {
  await using cleanup = cleanupStack();
  const root = await mkdtemp(join(tmpdir(), 'imaged-layers-'));
  cleanup.defer(() => rm(root, { recursive: true }));
  const shop = cleanup.keep(await storeShop());
  await shop.store[Symbol.asyncDispose]();
  const sums = { kept: 0, left: 0, unfinished: 0, doomed: 0 };
  for (let kill = 0; kill < kills; kill++) {
    sums.kept += await killedAfter(shop.file, root, Math.random() * 120);
    const store = await shop.reopen();
    const { shelf } = shelfIn(root, store);
    const settled = await shelf.settle();
    assert.deepEqual(settled.broken, [], 'a layer was kept that was not whole');
    const findings: unknown[] = [];
    const layers = await shelf.verify((finding) => findings.push(finding), never);
    assert.deepEqual(findings, []);
    assert.equal((await readdir(root)).length, layers, 'a folder was left');
    const { bytes, freeable } = await shelf.totals();
    assert.equal(freeable.bytes, bytes, 'a hold was left');
    sums.left += layers;
    sums.unfinished += settled.unfinished.length;
    sums.doomed += settled.doomed.length;
    await store[Symbol.asyncDispose]();
  }
  assert.ok(sums.kept > 0 && sums.unfinished > 0, JSON.stringify(sums));
  t.diagnostic(`${kills} kills: ${JSON.stringify(sums)}`);
});
