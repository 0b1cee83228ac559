import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { asFault, Fault } from '../../base/fault.ts';
import { orAborted, type RetryPolicy } from '../../base/waiting.ts';
import { makeCache, type Cache } from '../../fetch/cache.ts';
import { download } from '../../fetch/download.ts';
import { share, type SharedFetch } from '../../fetch/share.ts';
import type { Verifier } from './signed.ts';
import { makeUpstreamSums, type SumsAges, type UpstreamSums } from './sums.ts';
import { makeSemaphore } from '../../base/semaphore.ts';
import { follow } from './follow.ts';
import { mirrorSource } from './source.ts';
import type { MirrorSource } from './types.ts';

export type UpstreamLimits = {
  /** Downloads that go on at once. */
  readonly downloads: number;
  /** How long upstream may say nothing, in ms. */
  readonly silentMs: number;
  readonly policy: RetryPolicy;
  readonly ages: SumsAges;
};

type UpstreamParts = UpstreamLimits & {
  readonly upstream: URL;
  readonly folder: string;
  readonly cacheBytes: number;
  readonly verifier: Verifier;
  readonly clock: Clock;
  readonly warn: (facts: Readonly<Record<string, unknown>>, message: string) => void;
};

/** What upstream could not give is not asked for again and again, however often a guest does. */
const makeFailures = (clock: Clock, keptMs: number) => {
  const failed = new Map<string, { readonly fault: Fault; readonly at: number }>();
  return {
    add: (sha256: string, fault: Fault): void => void failed.set(sha256, { fault, at: clock.now() }),
    latest: (sha256: string): Fault | undefined => {
      for (const [key, { at }] of failed) if (clock.now() - at >= keptMs) failed.delete(key);
      return failed.get(sha256)?.fault;
    },
  };
};

/** Waits until upstream has said how long the file is; undefined when the download has ended without. */
const lengthOf = async ({ progress }: SharedFetch, signal: AbortSignal): Promise<number | undefined> => {
  try {
    while (progress.length === undefined && progress.state() === 'running') await progress.news(signal);
  } catch (error) {
    signal.throwIfAborted();
    throw asFault(error);
  }
  return progress.length;
};

type Around = {
  readonly cache: Cache;
  readonly sums: UpstreamSums;
  readonly failures: ReturnType<typeof makeFailures>;
  readonly stop: AbortSignal;
};

/** The downloads that go on, one for each digest. */
const makeDownloads = (parts: UpstreamParts, { cache, sums, failures, stop }: Around) => {
  const { upstream, clock, warn, silentMs, policy } = parts;
  const semaphore = makeSemaphore(parts.downloads);
  const all = new Map<string, SharedFetch>();

  const begin = (folder: string, path: string, sha256: string): SharedFetch => {
    const url = new URL(`${upstream.href.replace(/\/$/, '')}/${path}`);
    const shared = share({
      cache,
      key: sha256,
      stop,
      run: async (handle, progress, signal) => {
        using _turn = await semaphore.take(signal);
        const makeRoom = (bytes: number) => cache.makeRoom(sha256, bytes);
        const part = cache.partOf(sha256);
        await download(handle, {
          source: mirrorSource,
          url,
          key: sha256,
          part,
          progress,
          silentMs,
          policy,
          clock,
          signal,
          makeRoom,
        });
        // Where upstream had not said how long it would be.
        await cache.makeRoom(sha256, progress.have);
      },
      failed: (error) => {
        // An error of the disk, or no reader waits any more: the next request may try at once.
        if (!(error instanceof Fault)) return;
        failures.add(sha256, error);
        if (error.code === 'mirror_damaged' || error.code === 'mirror_refused') sums.doubt(folder);
        if (error.code === 'mirror_damaged') warn({ path, ...error.facts }, error.message);
      },
    });
    all.set(sha256, shared);
    // It is over some time after this line, whatever happens.
    void shared.over.then(() => all.delete(sha256));
    return shared;
  };

  return {
    /** The one that goes on for this digest, or a new one. */
    of: (folder: string, path: string, sha256: string): SharedFetch => all.get(sha256) ?? begin(folder, path, sha256),
    over: async (): Promise<void> => {
      await Promise.all([...all.values()].map(({ over }) => over));
    },
  };
};

/**
 * A mirror's files from upstream, through a cache on disk. A file is downloaded once however many ask for it at once;
 * when all of them have left it is ended, and what has come stays: the next request resumes it.
 */
export const makeUpstream = async (parts: UpstreamParts): Promise<MirrorSource> => {
  const { upstream, verifier, clock, warn, silentMs, policy, ages } = parts;
  const stopping = new AbortController();
  const cache = makeCache({
    folder: join(parts.folder, 'files'),
    bytes: parts.cacheBytes,
    setting: '[mirror] cache_size',
    clock,
    warn,
  });
  await cache.prepare();
  const sums = makeUpstreamSums({
    upstream,
    folder: join(parts.folder, 'sums'),
    verifier,
    ages,
    silentMs,
    policy,
    clock,
    signal: stopping.signal,
    warn,
  });
  const failures = makeFailures(clock, ages.failureMs);

  const downloads = makeDownloads(parts, { cache, sums, failures, stop: stopping.signal });

  return {
    signed: sums.signed,
    signedAtHand: sums.atHand,
    open: async ({ folder, name }, sha256, key, signal) => {
      const path = `${folder}/${name}`;
      for (let from: 'cache' | 'upstream' = 'cache'; ; from = 'upstream') {
        signal.throwIfAborted();
        const cached = await cache.open(sha256, signal);
        if (cached) return { kind: 'file', ...cached, set: { path, sha256, bytes: cached.stats.size, from, key } };
        const fault = failures.latest(sha256);
        if (fault) throw fault;
        const shared = downloads.of(folder, path, sha256);
        if (!shared.join(signal)) {
          await orAborted(shared.over, signal);
          continue;
        }
        const length = await lengthOf(shared, signal);
        if (length === undefined) continue;
        return {
          kind: 'growing',
          length,
          follow: () => follow(shared.file(), shared.progress, length, signal),
          isVerified: () => shared.progress.state() === 'verified',
          set: { path, sha256, bytes: length, from: 'upstream', key },
        };
      }
    },
    [Symbol.asyncDispose]: async () => {
      stopping.abort(new Fault('draining', 'The daemon is stopping.'));
      await downloads.over();
    },
  };
};
