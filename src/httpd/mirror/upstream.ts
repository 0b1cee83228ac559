import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { asFault, Fault } from '../../base/fault.ts';
import { orAborted, type RetryPolicy } from '../../base/waiting.ts';
import { makeCache } from './cache.ts';
import { download } from './download.ts';
import { share, type Shared } from './share.ts';
import type { Verifier } from './signed.ts';
import { makeUpstreamSums, type SumsAges } from './sums.ts';
import { makeSemaphore } from './semaphore.ts';
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

/**
 * A mirror's files from upstream, through a cache on disk. A file is downloaded once however many ask for it at once;
 * when all of them have left it is ended, and what has come stays: the next request resumes it.
 */
export const makeUpstream = async (parts: UpstreamParts): Promise<MirrorSource> => {
  const { upstream, verifier, clock, warn, silentMs, policy, ages } = parts;
  const stopping = new AbortController();
  const cache = makeCache({ folder: join(parts.folder, 'files'), bytes: parts.cacheBytes, clock, warn });
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
  const semaphore = makeSemaphore(parts.downloads);
  const downloads = new Map<string, Shared>();
  // What upstream could not give is not asked for again and again, however often a guest does.
  const failed = new Map<string, { readonly fault: Fault; readonly at: number }>();

  const failedLately = (sha256: string): Fault | undefined => {
    for (const [key, { at }] of failed) if (clock.now() - at >= ages.failureMs) failed.delete(key);
    return failed.get(sha256)?.fault;
  };

  const begin = (folder: string, path: string, sha256: string): Shared => {
    const url = new URL(`${upstream.href.replace(/\/$/, '')}/${path}`);
    const shared = share({
      cache,
      sha256,
      stop: stopping.signal,
      run: async (handle, progress, signal) => {
        using _turn = await semaphore.take(signal);
        const makeRoom = (bytes: number) => cache.makeRoom(sha256, bytes);
        const part = cache.partOf(sha256);
        await download(handle, { url, sha256, part, progress, silentMs, policy, clock, signal, makeRoom });
        // Where upstream had not said how long it would be.
        await cache.makeRoom(sha256, progress.have);
      },
      failed: (error) => {
        // An error of the disk, or no reader waits any more: the next request may try at once.
        if (!(error instanceof Fault)) return;
        failed.set(sha256, { fault: error, at: clock.now() });
        if (error.code === 'mirror_damaged' || error.code === 'mirror_refused') sums.doubt(folder);
        if (error.code === 'mirror_damaged') warn({ path, ...error.facts }, error.message);
      },
    });
    downloads.set(sha256, shared);
    // It is over some time after this line, whatever happens.
    void shared.over.then(() => downloads.delete(sha256));
    return shared;
  };

  return {
    signed: sums.signed,
    open: async ({ folder, name }, sha256, key, signal) => {
      const path = `${folder}/${name}`;
      for (let from: 'cache' | 'upstream' = 'cache'; ; from = 'upstream') {
        signal.throwIfAborted();
        const cached = await cache.open(sha256, signal);
        if (cached) return { kind: 'file', ...cached, set: { path, sha256, bytes: cached.stats.size, from, key } };
        const fault = failedLately(sha256);
        if (fault) throw fault;
        const shared = downloads.get(sha256) ?? begin(folder, path, sha256);
        if (!shared.join(signal)) {
          await orAborted(shared.over, signal);
          continue;
        }
        const { progress } = shared;
        try {
          while (progress.length === undefined && progress.state() === 'running') await progress.news(signal);
        } catch (error) {
          signal.throwIfAborted();
          throw asFault(error);
        }
        const { length } = progress;
        if (length === undefined) continue;
        return {
          kind: 'growing',
          length,
          follow: () => shared.follow(length, signal),
          isVerified: () => progress.state() === 'verified',
          set: { path, sha256, bytes: length, from: 'upstream', key },
        };
      }
    },
    [Symbol.asyncDispose]: async () => {
      stopping.abort(new Fault('draining', 'The daemon is stopping.'));
      await Promise.all([...downloads.values()].map(({ over }) => over));
    },
  };
};
