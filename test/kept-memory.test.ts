import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { zstdDecompressSync } from 'node:zlib';
import { cleanupStack } from '../src/base/cleanup.ts';
import { compressMemory, takeMemory } from '../src/vmm/qemu/keep/memory-out.ts';
import { failsAs } from './store-shop.ts';
import { on } from './ssh-server.ts';

const bytes = Buffer.concat([randomBytes(3_000_000), Buffer.alloc(3_000_000)]);

/** A folder in which the memory of a machine is, as its QEMU wrote it. */
const taken = async (mostBytes = bytes.length) => {
  const left = cleanupStack();
  const folder = await mkdtemp(join(tmpdir(), 'kept-'));
  left.defer(() => rm(folder, { recursive: true, force: true }));
  const socket = join(folder, 'keep');
  const file = join(folder, 'memory.zst');
  const memory = await takeMemory({ socket, owner: undefined }, file, mostBytes);
  const qemu = connect(socket);
  qemu.on('error', () => undefined);
  qemu.end(bytes);
  const names = async () => (await readdir(folder)).toSorted();
  return { memory, file, names, [Symbol.asyncDispose]: () => left[Symbol.asyncDispose]() };
};

test('the memory of a machine is taken as it comes, and compressed later, by whichever daemon comes to it', async () => {
  await using it = await taken();
  await it.memory.whole(on());
  await it.memory[Symbol.asyncDispose]();
  assert.deepEqual(await it.names(), ['memory.zst', 'memory.zst.raw']);
  // One ended in its middle, and another was stopped.
  await writeFile(it.file, 'begun');
  const stopped = new AbortController();
  const stopping = compressMemory(it.file, stopped.signal);
  stopped.abort(new Error('enough'));
  await assert.rejects(stopping, /enough/);
  await compressMemory(it.file, on());
  assert.deepEqual(await it.names(), ['memory.zst']);
  assert.ok(zstdDecompressSync(await readFile(it.file)).equals(bytes));
  assert.equal((await stat(it.file)).mode & 0o777, 0o600);
  await compressMemory(it.file, on());
  assert.ok(zstdDecompressSync(await readFile(it.file)).equals(bytes));
});

test('of a memory that was not taken whole nothing is left', async () => {
  await using it = await taken(1_000_000);
  await assert.rejects(it.memory.whole(on()), failsAs('hypervisor_failed'));
  await it.memory[Symbol.asyncDispose]();
  assert.deepEqual(await it.names(), []);
});
