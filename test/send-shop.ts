/** What tests of src/send begin with: a file, and tools that may send it to hosts of this host. */

import { createHash } from 'node:crypto';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../src/base/clock.ts';
import { Fault } from '../src/base/fault.ts';
import { destination } from '../src/outward/destination.ts';
import { hostOf } from '../src/outward/hosts.ts';
import type { Outgoing, SendTools } from '../src/send/types.ts';

const blockBytes = 2 ** 20;

/** A block of bytes that no other number gives. */
const block = (at: number): Buffer => createHash('shake256', { outputLength: blockBytes }).update(String(at)).digest();

/** A folder with a file of so many bytes, which repeats itself after 64 MB only in blocks that have other neighbours. */
export const fileOfBytes = async (size: number, name = 'disk.raw') => {
  const folder = await mkdtemp(join(tmpdir(), 'send-'));
  const path = join(folder, 'draft0-0.raw');
  const hash = createHash('sha256');
  await using file = await open(path, 'wx');
  const blocks = Array.from({ length: Math.min(64, Math.ceil(size / blockBytes)) }, (_, at) => block(at));
  for (let at = 0; at < size; at += blockBytes) {
    const number = at / blockBytes;
    const bytes = (blocks[(number * 7 + Math.floor(number / 64)) % blocks.length] ?? block(number)).subarray(
      0,
      size - at,
    );
    hash.update(bytes);
    await file.write(bytes);
  }
  const outgoing: Outgoing = { path, name, mediaType: 'application/octet-stream', size, sha256: hash.digest('hex') };
  return {
    folder,
    file: outgoing,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
};

/** Tools that may send to these ports of this host, and what they were told. */
export const sendTools = (ports: readonly number[], more: Partial<SendTools> = {}) => {
  const lines: string[] = [];
  const told: number[] = [];
  const tools: SendTools = {
    peer: destination(() => ports.map((port) => hostOf(`127.0.0.1:${port}`))),
    clock: systemClock,
    policy: { attempts: 4, firstMs: 5, growth: 2, mostMs: 20 },
    silentMs: 20_000,
    progress: (bytes) => void told.push(bytes),
    log: (line) => void lines.push(line),
    signal: new AbortController().signal,
    ...more,
  };
  return { tools, lines, told };
};

/** The fault that something ends in. */
export const faultOf = async (work: Promise<unknown>): Promise<Fault> => {
  const error: unknown = await work.then(
    () => new Error('it went well'),
    (thrown: unknown) => thrown,
  );
  if (error instanceof Fault) return error;
  throw error;
};

/** The SHA-256 of what an address gives. */
export const sha256At = async (url: string, init?: RequestInit): Promise<string> => {
  const reply = await fetch(url, init);
  const hash = createHash('sha256');
  if (!reply.ok || reply.body === null) throw new Error(`${url} answered ${reply.status}`);
  const body: AsyncIterable<Uint8Array> = reply.body;
  for await (const bytes of body) hash.update(bytes);
  return hash.digest('hex');
};
