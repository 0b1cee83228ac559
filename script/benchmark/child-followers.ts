/**
 * Follows the events of one build on so many connections while its endpoint is asked so often, and prints as JSON: the daemon's
 * memory before and while all follow, in MiB, how many of them were not told every event once and in order, and the delay
 * of its event loop meanwhile, in milliseconds.
 * usage: child-followers URL TOKEN BUILD ENDPOINT CLIENTS REQUESTS PID
 */

import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { loopDelayMs } from './loop-delay.ts';
import { residentMb, until } from './processes.ts';

const [url = '', token = '', id = '', socketPath = '', clients = '', requests = '', pid = ''] = process.argv.slice(2);
const { hostname, port } = new URL(url);
const authorization = `Bearer ${token}`;
const patience = AbortSignal.timeout(120_000);
const call = (path: string, init: RequestInit = {}) =>
  fetch(new URL(path, url), { ...init, signal: patience, headers: { authorization, ...init.headers } });

const ask = [
  `GET /builds/${id}/events HTTP/1.1`,
  `Host: ${hostname}:${port}`,
  `Authorization: ${authorization}`,
  'Accept: text/event-stream',
  '\r\n',
].join('\r\n');

/** The numbers of the events, as they came. */
const open = async () => {
  const socket = connect({ host: hostname, port: Number(port) });
  await once(socket, 'connect', { signal: patience });
  const seen: number[] = [];
  let rest = '';
  socket.setEncoding('latin1').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.startsWith('id: ')) seen.push(Number(line.slice(4)));
  });
  socket.write(ask);
  return { socket, seen };
};

const versionNow = async () => Number((await call(`/builds/${id}`)).headers.get('etag')?.replaceAll('"', ''));
const allHave = async (version: number) =>
  until(async () => all.every(({ seen }) => (seen.at(-1) ?? 0) >= version), patience);

const beforeMb = await residentMb(Number(pid));
const all = await Promise.all(Array.from({ length: Number(clients) }, open));
const first = await versionNow();
await allHave(first);
await loopDelayMs(call);
for (let n = 0; n < Number(requests); n++) {
  const [reply] = (await once(get({ socketPath, path: `/no-${n}` }), 'response', { signal: patience })) as [
    IncomingMessage,
  ]; // as node:http has it
  await buffer(reply);
}
const last = await versionNow();
if (last < first + Number(requests)) throw new Error(`${requests} requests made ${last - first} events`);
await allHave(last);
const followingMb = await residentMb(Number(pid));
const delayMs = await loopDelayMs(call);
const wrong = all.filter(({ seen }) => seen.some((number, at) => number !== at + 1)).length;
for (const { socket } of all) socket.destroy();
process.stdout.write(JSON.stringify({ beforeMb, followingMb, wrong, delayMs }));
