/**
 * Follows the console and the log of a build that is at a breakpoint, each on so many connections and in each form, resumes it, and
 * prints as JSON: the daemon's memory before and at most while all follow, in MiB, the delay of its event loop meanwhile and its
 * processor time, in milliseconds, the bytes of both texts, and how many did not get all of them.
 * usage: child-text-followers URL TOKEN BUILD CLIENTS PID
 */

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { get, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { loopDelayMs } from './loop-delay.ts';
import { mostWhile, residentMb, until } from './processes.ts';

const [url = '', token = '', id = '', clients = '', pid = ''] = process.argv.slice(2);
const authorization = `Bearer ${token}`;
const patience = AbortSignal.timeout(240_000);
const call = (path: string, init: RequestInit = {}) =>
  fetch(new URL(path, url), { ...init, signal: patience, headers: { authorization, ...init.headers } });

const texts = ['console', 'log'] as const;
const forms = ['text/plain', 'application/x-ndjson', 'text/event-stream'] as const;
type Form = (typeof forms)[number];

/** Hashes what an answer says in its form, as it comes. */
const hashing = (form: Form) => {
  const hash = createHash('sha256');
  let rest = '';
  const line = (text: string) => {
    const json = text.replace(/^data: /, '');
    if (!json.startsWith('{')) return;
    const { text: piece } = JSON.parse(json) as { text: string }; // as the contract has it
    hash.update(piece);
  };
  return {
    take: (bytes: Buffer) => {
      if (form === 'text/plain') return void hash.update(bytes);
      const lines = (rest + bytes.toString()).split('\n');
      rest = lines.pop() ?? '';
      lines.forEach(line);
    },
    digest: () => hash.digest('hex'),
  };
};

const open = async (at: number) => {
  const name = texts[at % texts.length] ?? 'log';
  const accept = forms[at % forms.length] ?? 'text/plain';
  const path = `${url}/builds/${id}/${name}?follow=true`;
  const [reply] = (await once(get(path, { agent: false, headers: { authorization, accept } }), 'response')) as [
    IncomingMessage,
  ]; // as node:http has it
  const hashed = hashing(accept);
  let isBegun = false;
  reply.on('data', (bytes: Buffer) => {
    isBegun = true;
    hashed.take(bytes);
  });
  return { name, isBegun: () => isBegun, ended: once(reply, 'end', { signal: patience }).then(hashed.digest) };
};

const processorMs = async (): Promise<number> => {
  const words = (await readFile(`/proc/${pid}/stat`, 'utf8')).replace(/^.*\) /, '').split(' ');
  // In hundredths of a second (proc(5), utime and stime).
  return (Number(words[11]) + Number(words[12])) * 10;
};

const beforeMb = await residentMb(Number(pid));
const all = await Promise.all(Array.from({ length: Number(clients) * texts.length }, (_, at) => open(at)));
await until(async () => all.every(({ isBegun }) => isBegun()), patience);
await loopDelayMs(call);
const beganMs = await processorMs();
const { most: followingMb, value: digests } = await mostWhile(
  () => residentMb(Number(pid)),
  200,
  async () => {
    const resumed = await call(`/builds/${id}/resume`, { method: 'POST' });
    if (!resumed.ok) throw new Error(await resumed.text());
    return Promise.all(all.map(({ ended }) => ended));
  },
);
const tookMs = (await processorMs()) - beganMs;
const delayMs = await loopDelayMs(call);
const whole = Object.fromEntries(
  await Promise.all(
    texts.map(async (name) => [name, Buffer.from(await (await call(`/builds/${id}/${name}`)).arrayBuffer())] as const),
  ),
);
const digestOf = (name: string) =>
  createHash('sha256')
    .update(whole[name]?.toString() ?? '')
    .digest('hex');
const expected = Object.fromEntries(texts.map((name) => [name, digestOf(name)]));
const wrong = all.filter(({ name }, at) => digests[at] !== expected[name]).length;
const bytes = texts.reduce((sum, name) => sum + (whole[name]?.length ?? 0), 0);
process.stdout.write(JSON.stringify({ beforeMb, followingMb, wrong, delayMs, tookMs, bytes }));
