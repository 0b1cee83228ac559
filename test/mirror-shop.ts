import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, request as ask, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, type Clock } from '../src/base/clock.ts';
import { cleanupStack } from '../src/base/cleanup.ts';
import { makeMirrorWithin } from '../src/httpd/mirror/mirror.ts';
import type { MirrorSet } from '../src/httpd/mirror/types.ts';
import type { UpstreamLimits } from '../src/httpd/mirror/upstream.ts';
import { serveEndpoint } from '../src/httpd/endpoint/serve-endpoint.ts';
import type { EndpointAnswer, EndpointRequest, RefusedSet } from '../src/httpd/endpoint/types.ts';

export const signify = process.platform === 'linux' ? 'signify-openbsd' : 'signify';

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

export type Files = Readonly<Record<string, Buffer>>;

/** A pair of keys without a passphrase: what verifies and what signs. */
const makeKey = (folder: string, name: string) =>
  execFileSync(signify, ['-G', '-n', '-p', join(folder, `${name}.pub`), '-s', join(folder, `${name}.sec`)]);

/** A SHA256.sig as OpenBSD's mirrors have it: the signature, and the sums embedded. */
export const signed = async (folder: string, key: string, files: Files): Promise<Buffer> => {
  const at = await mkdtemp(join(folder, 'sign-'));
  const sums = Object.entries(files).map(([name, bytes]) => `SHA256 (${name}) = ${sha256(bytes)}\n`);
  await writeFile(join(at, 'SHA256'), sums.join(''));
  const args = ['-S', '-e', '-s', join(folder, `${key}.sec`), '-m', join(at, 'SHA256'), '-x', join(at, 'SHA256.sig')];
  execFileSync(signify, args);
  return readFile(join(at, 'SHA256.sig'));
};

export type Reply = { readonly status: number; readonly headers: IncomingMessage['headers']; readonly body: Buffer };

/** Asks and reads to the end; rejects when the connection is cut before it. */
export const get = (
  socketPath: string,
  path: string,
  {
    method = 'GET',
    headers = {},
  }: { readonly method?: string; readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<Reply> =>
  new Promise((resolve, reject) => {
    const request = ask({ socketPath, path, method, headers, agent: false }, (reply) => {
      const chunks: Buffer[] = [];
      reply.on('data', (chunk: Buffer) => chunks.push(chunk));
      reply.on('error', reject);
      reply.on('end', () =>
        resolve({ status: reply.statusCode ?? 0, headers: reply.headers, body: Buffer.concat(chunks) }),
      );
    });
    request.on('error', reject);
    request.end();
  });

/** What upstream does with a request for a file; `nth` counts the requests for this path from 1. */
export type Behave = (request: IncomingMessage, response: ServerResponse, bytes: Buffer, nth: number) => void;

/** Answers as a good mirror does: ETag, Range and If-Range. */
export const good: Behave = (request, response, bytes) => {
  const etag = `"${sha256(bytes).slice(0, 16)}"`;
  const { range, 'if-range': condition, 'if-none-match': known } = request.headers;
  response.setHeader('etag', etag);
  if (known === etag) {
    response.writeHead(304).end();
    return;
  }
  const [, first] = /^bytes=(\d+)-$/.exec(range ?? '') ?? [];
  if (first !== undefined && (condition === undefined || condition === etag)) {
    const from = Number(first);
    if (from >= bytes.length) {
      response.writeHead(416, { 'content-range': `bytes */${bytes.length}` }).end();
      return;
    }
    response.writeHead(206, {
      'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}`,
      'content-length': bytes.length - from,
    });
    response.end(bytes.subarray(from));
    return;
  }
  response.writeHead(200, { 'content-length': bytes.length });
  response.end(bytes);
};

/** Sends what a good one would, and breaks the connection after so many bytes. */
export const breaksAfter =
  (most: number): Behave =>
  (request, response, bytes) => {
    const [, first = '0'] = /^bytes=(\d+)-$/.exec(request.headers.range ?? '') ?? [];
    const from = Number(first);
    response.setHeader('etag', `"${sha256(bytes).slice(0, 16)}"`);
    if (from > 0) response.setHeader('content-range', `bytes ${from}-${bytes.length - 1}/${bytes.length}`);
    response.writeHead(from > 0 ? 206 : 200, { 'content-length': bytes.length - from });
    response.write(bytes.subarray(from, from + most), () => response.destroy());
  };

export type Upstream = AsyncDisposable & {
  readonly url: URL;
  /** By path below pub/OpenBSD. */
  readonly files: Map<string, Buffer>;
  readonly behave: Map<string, Behave>;
  readonly asked: { readonly path: string; readonly range: string | undefined; readonly ifRange: string | undefined }[];
  readonly askedFor: (path: string) => number;
};

export const startUpstream = async (): Promise<Upstream> => {
  const files = new Map<string, Buffer>();
  const behave = new Map<string, Behave>();
  const asked: { path: string; range: string | undefined; ifRange: string | undefined }[] = [];
  const askedFor = (path: string) => asked.filter((each) => each.path === path).length;
  const server = createServer((request, response) => {
    const path = (request.url ?? '').replace(/^\/pub\/OpenBSD\//, '');
    const ifRange = request.headers['if-range'];
    asked.push({ path, range: request.headers.range, ifRange: typeof ifRange === 'string' ? ifRange : undefined });
    const bytes = files.get(path);
    const does = behave.get(path);
    if (does) does(request, response, bytes ?? Buffer.alloc(0), askedFor(path));
    else if (bytes) good(request, response, bytes, askedFor(path));
    else response.writeHead(404).end('no such file');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : assert.fail('no port');
  return {
    url: new URL(`http://127.0.0.1:${port}/pub/OpenBSD`),
    files,
    behave,
    asked,
    askedFor,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
};

/** Quick limits, so that a test does not wait for what upstream will not do. */
const quick: UpstreamLimits = {
  downloads: 4,
  silentMs: 1000,
  policy: { attempts: 4, firstMs: 5, growth: 2, mostMs: 20 },
  ages: { releaseMs: 60_000, snapshotMs: 10_000, failureMs: 200 },
};

export const sets: Files = {
  'base79.tgz': randomBytes(1_500_000),
  'bsd.rd': randomBytes(300_001),
  BUILDINFO: Buffer.from('Build date: 1779000000\n'),
};

/** Two keys, an upstream with the sets of 7.9/amd64, and what starts mirrors and endpoints over them. */
export const mirrorShop = async () => {
  const cleanup = cleanupStack();
  const folder = await mkdtemp(join(tmpdir(), 'mirror-'));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const keys = join(folder, 'keys');
  await mkdir(keys);
  for (const name of ['openbsd-79-base', 'openbsd-79-syspatch', 'openbsd-80-base', 'other']) makeKey(keys, name);
  await rm(join(keys, 'other.pub'));
  const upstream = cleanup.keep(await startUpstream());
  const put = async (place: string, files: Files, key = 'openbsd-79-base') => {
    for (const [name, bytes] of Object.entries(files)) upstream.files.set(`${place}/${name}`, bytes);
    upstream.files.set(`${place}/SHA256.sig`, await signed(keys, key, files));
  };
  await put('7.9/amd64', sets);
  let now = systemClock.now();
  const clock: Clock = { ...systemClock, now: () => now };
  const warnings: string[] = [];
  let endpoints = 0;
  return {
    folder,
    keys,
    upstream,
    put,
    warnings,
    pass: (ms: number) => (now += ms),
    cached: (digest: string) => join(folder, 'cache', 'files', digest),
    /** A mirror; with its own cleanup stack, so that a test can end it as a stopping daemon does. */
    open: async ({
      directory,
      limits = {},
      cacheBytes = 2 ** 30,
      signify: program = signify,
    }: {
      readonly signify?: string;
      readonly directory?: string;
      readonly limits?: Partial<UpstreamLimits>;
      readonly cacheBytes?: number;
    } = {}) =>
      cleanup.keep(
        await makeMirrorWithin(
          { ...quick, ...limits },
          {
            source: directory === undefined ? { upstream: upstream.url } : { directory },
            keys,
            signify: program,
            folder: join(folder, 'cache'),
            cacheBytes,
            clock,
            warn: (facts, message) => warnings.push(`${message} ${JSON.stringify(facts)}`),
          },
        ),
      ),
    /** An endpoint over a mirror, and what it told. */
    serve: async (
      mirror: Awaited<ReturnType<typeof makeMirrorWithin>> | undefined,
      answers: ReadonlyMap<string, EndpointAnswer> = new Map(),
    ) => {
      const path = join(folder, `http-${++endpoints}.sock`);
      const fetched: MirrorSet[] = [];
      const refused: RefusedSet[] = [];
      const told: EndpointRequest[] = [];
      const waiting = new Set<() => void>();
      const endpoint = cleanup.keep(
        await serveEndpoint({
          at: { path },
          answers,
          hostname: 'base',
          onRequest: (request) => {
            told.push(request);
          },
          ...(mirror === undefined
            ? {}
            : {
                sets: {
                  mirror,
                  onFetched: (set) => {
                    fetched.push(set);
                    waiting.forEach((look) => look());
                  },
                  onRefused: (one) => {
                    refused.push(one);
                    waiting.forEach((look) => look());
                  },
                },
              }),
        }),
      );
      return {
        path,
        fetched,
        refused,
        told,
        get: (url: string, options: Parameters<typeof get>[2] = {}) => get(path, `/pub/OpenBSD/${url}`, options),
        /** Resolves when so much has been told as fetched and refused together. */
        untilTold: (count: number) =>
          new Promise<void>((resolve) => {
            const look = () => {
              if (fetched.length + refused.length < count) return;
              waiting.delete(look);
              resolve();
            };
            waiting.add(look);
            look();
          }),
        dispose: () => endpoint[Symbol.asyncDispose](),
      };
    },
    [Symbol.asyncDispose]: () => cleanup[Symbol.asyncDispose](),
  };
};
