/**
 * Follows the changes of all builds on so many connections, as as many pages do, while builds are posted and cancelled, and
 * prints as JSON: the daemon's memory before and while all follow, in MiB, how many changes were not told to somebody, and
 * the delay of its event loop meanwhile, in milliseconds.
 * usage: child-pages URL TOKEN TEMPLATE PAGES BUILDS PID
 */

import { once } from 'node:events';
import { connect } from 'node:net';
import { z } from 'zod';
import { loopDelayMs } from './loop-delay.ts';
import { residentMb, until } from './processes.ts';

const [url = '', token = '', template = '', pages = '', builds = '', pid = ''] = process.argv.slice(2);
const { hostname, port } = new URL(url);
const authorization = `Bearer ${token}`;
const patience = AbortSignal.timeout(120_000);
const call = (path: string, init: RequestInit = {}) =>
  fetch(new URL(path, url), { ...init, signal: patience, headers: { authorization, ...init.headers } });

const ask = [
  'GET /builds/events HTTP/1.1',
  `Host: ${hostname}:${port}`,
  `Authorization: ${authorization}`,
  'Accept: text/event-stream',
  '\r\n',
].join('\r\n');

const told = /"type":"(created|ended|reset)"(?:,"build_id":"(\w+)")?/g;

const open = async () => {
  const socket = connect({ host: hostname, port: Number(port) });
  await once(socket, 'connect', { signal: patience });
  const seen = new Set<string>();
  let rest = '';
  socket.setEncoding('latin1').on('data', (text: string) => {
    const [...lines] = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines)
      // A build's own labels may say anything, but these stand before them.
      for (const [, type, id] of line.slice(0, 200).matchAll(told)) seen.add(`${type} ${id}`);
  });
  socket.write(ask);
  return { socket, seen };
};

const Posted = z.object({ id: z.string() });

const beforeMb = await residentMb(Number(pid));
const all = await Promise.all(Array.from({ length: Number(pages) }, open));
await until(async () => all.every(({ seen }) => seen.has('reset undefined')), patience);
await loopDelayMs(call);
const wanted: string[] = [];
for (let n = 0; n < Number(builds); n++) {
  const init = { method: 'POST', body: template, headers: { 'content-type': 'application/json' } };
  const { id } = Posted.parse(await (await call('/builds', init)).json());
  await until(async () => all[0]?.seen.has(`created ${id}`) === true, patience);
  await call(`/builds/${id}/cancel`, { method: 'POST' });
  wanted.push(`created ${id}`, `ended ${id}`);
}
await until(async () => all.every(({ seen }) => seen.has(wanted.at(-1) ?? '')), patience);
const openMb = await residentMb(Number(pid));
const delayMs = await loopDelayMs(call);
const lost = all.reduce((sum, { seen }) => sum + wanted.filter((change) => !seen.has(change)).length, 0);
for (const { socket } of all) socket.destroy();
process.stdout.write(JSON.stringify({ beforeMb, openMb, lost, delayMs }));
