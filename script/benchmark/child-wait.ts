/**
 * Waits for a build on so many connections, cancels it once the daemon has read every request, and prints as JSON: the
 * daemon's memory before and while all waited, in MiB, and the milliseconds from the change's own time until the last
 * client had its reply.
 * usage: child-wait URL TOKEN BUILD CLIENTS PID
 */

import { once } from 'node:events';
import { connect } from 'node:net';
import { performance } from 'node:perf_hooks';
import { z } from 'zod';
import { residentMb, socketsAt, until } from './processes.ts';

const [url = '', token = '', id = '', clients = '', pid = ''] = process.argv.slice(2);
const { hostname, port } = new URL(url);
const authorization = `Bearer ${token}`;
const patience = AbortSignal.timeout(60_000);
const call = (path: string, init: RequestInit = {}) =>
  fetch(new URL(path, url), { ...init, signal: patience, headers: { authorization } });

const first = await call(`/builds/${id}`);
const known = first.headers.get('etag') ?? '';
await first.text();
const beforeMb = await residentMb(Number(pid));

const ask = [
  `GET /builds/${id}?wait=300 HTTP/1.1`,
  `Host: ${hostname}:${port}`,
  `Authorization: ${authorization}`,
  `If-None-Match: ${known}`,
  'Connection: close',
  '\r\n',
].join('\r\n');

const Ended = z.object({ status: z.literal('cancelled'), ended_at: z.union([z.string(), z.number()]) });

const waits = await Promise.all(
  Array.from({ length: Number(clients) }, async () => {
    const socket = connect({ host: hostname, port: Number(port) });
    await once(socket, 'connect', { signal: patience });
    let heard = '';
    const told = (async () => {
      for await (const chunk of socket.setEncoding('latin1') as AsyncIterable<string>) heard += chunk; // as the encoding says
      const at = performance.timeOrigin + performance.now();
      const [head = '', body = ''] = heard.split('\r\n\r\n');
      if (!head.startsWith('HTTP/1.1 200 ')) throw new Error(`a client was told: ${heard.slice(0, 500)}`);
      return { at, changedAt: new Date(Ended.parse(JSON.parse(body)).ended_at).getTime() };
    })();
    socket.write(ask);
    return { socket, told };
  }),
);
// Until the kernel says that the daemon has accepted every connection and has read all that came.
await until(async () => {
  const sockets = await socketsAt(Number(port));
  const isRead = sockets.every(({ unread }) => unread === 0);
  return isRead && sockets.filter(({ state }) => state === 'established').length >= Number(clients);
}, patience);
await (await call('/healthz')).text();
const waitingMb = await residentMb(Number(pid));
const cancelled = await call(`/builds/${id}/cancel`, { method: 'POST' });
if (cancelled.status !== 202) throw new Error(`cancelling answered ${cancelled.status}: ${await cancelled.text()}`);
const told = await Promise.all(waits.map((wait) => wait.told));
const lastMs = Math.max(...told.map(({ at, changedAt }) => at - changedAt));
process.stdout.write(JSON.stringify({ beforeMb, waitingMb, lastMs }));
