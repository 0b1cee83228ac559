import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../src/base/clock.ts';
import { cleanupStack } from '../src/base/cleanup.ts';
import { checksumOf, type Checksum } from '../src/fetch/checksum.ts';
import { openFetcher, type FetchLimits } from '../src/fetch/fetcher.ts';
import { fetchSource } from '../src/fetch/fetch-source.ts';
import { hostOf } from '../src/outward/hosts.ts';
import type { LookUp } from '../src/outward/reach.ts';

export type Asked = { readonly url: string; readonly range: string | undefined };

type Answer = (request: IncomingMessage, response: ServerResponse, nth: number) => void;

export const hexOf = (bytes: Uint8Array, algorithm = 'sha256') => createHash(algorithm).update(bytes).digest('hex');

export const sumOf = (bytes: Uint8Array, algorithm = 'sha256'): Checksum =>
  checksumOf(`${algorithm}:${hexOf(bytes, algorithm)}`);

/** A server of this host that answers by path, and remembers what it was asked. */
export const fileServer = async (answers: Readonly<Record<string, Answer>>) => {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const { url = '' } = request;
    asked.push({ url, range: request.headers.range });
    const answer = answers[url];
    if (answer) answer(request, response, asked.filter((one) => one.url === url).length);
    else response.writeHead(404).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : assert.fail('no port');
  return {
    asked,
    port,
    at: (path: string, host = '127.0.0.1') => `http://${host}:${port}${path}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
};

/** Sends all of it, or, where a range is asked for, what that leaves. */
export const whole =
  (bytes: Buffer): Answer =>
  (request, response) => {
    const first = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const headers = { etag: `"${hexOf(bytes, 'md5')}"`, 'content-length': bytes.length - first };
    if (first > 0)
      response.writeHead(206, { ...headers, 'content-range': `bytes ${first}-${bytes.length - 1}/${bytes.length}` });
    else response.writeHead(200, headers);
    response.end(bytes.subarray(first));
  };

/** Cuts the connection in the middle of the first reply. */
export const cutOnce =
  (bytes: Buffer): Answer =>
  (request, response, nth) => {
    if (nth > 1) return whole(bytes)(request, response, nth);
    response.writeHead(200, { etag: `"${hexOf(bytes, 'md5')}"`, 'content-length': bytes.length });
    response.write(bytes.subarray(0, bytes.length / 2), () => response.destroy());
  };

export const leadsTo =
  (location: string): Answer =>
  (_request, response) =>
    void response.writeHead(302, { location }).end();

const quick: FetchLimits = {
  mostBytes: 4 * 1024 * 1024,
  keepBytes: 8 * 1024 * 1024,
  timeoutMs: 20_000,
  downloads: 2,
  silentMs: 5_000,
  leastRate: { bytes: 1, windowMs: 20_000 },
  policy: { attempts: 3, firstMs: 5, growth: 2, mostMs: 20 },
};

/** A fetcher over a folder of its own, which may reach these hosts. */
export const fetchShop = async (
  hosts: readonly string[],
  { limits = {}, lookUp }: { readonly limits?: Partial<FetchLimits>; readonly lookUp?: LookUp } = {},
) => {
  const cleanup = cleanupStack();
  const folder = await mkdtemp(join(tmpdir(), 'fetch-'));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const source = fetchSource(() => hosts.map(hostOf), lookUp);
  const open = async () =>
    openFetcher({
      ...{ folder, source, clock: systemClock },
      limits: { ...quick, ...limits },
      checkRoom: async () => undefined,
      warn: () => undefined,
    });
  const fetcher = cleanup.keep(await open());
  return { fetcher, folder, source, [Symbol.asyncDispose]: () => cleanup[Symbol.asyncDispose]() };
};

export const untold = () => undefined;
export const never = () => new AbortController().signal;
