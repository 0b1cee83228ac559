import { mkdir } from 'node:fs/promises';
import type { Clock } from '../base/clock.ts';
import { asFault, Fault, type FaultCode } from '../base/fault.ts';
import { orAborted, type RetryPolicy } from '../base/waiting.ts';
import { makeCache, type Cache } from './cache.ts';
import { checksumText, keyOf, type Checksum } from './checksum.ts';
import { download } from './download.ts';
import type { FetchProgress } from './progress.ts';
import type { LeastRate } from './rate.ts';
import { makeSemaphore } from '../base/semaphore.ts';
import { share, type SharedFetch } from './share.ts';
import type { Source } from './source.ts';
import { fetchSums } from './sums.ts';

/** A file that is fetched: from the first URL that has it, and what it must hash to, or the URL of a list that says so. */
export type Wanted = {
  readonly urls: readonly string[];
  readonly checksum: Checksum | { readonly list: string };
};

/** A file of the cache, which stays there until this is disposed. */
export type TakenFile = Disposable & {
  readonly path: string;
  readonly bytes: number;
  readonly checksum: Checksum;
  /** Undefined: it was there already. */
  readonly url?: string;
};

export type FetchLimits = {
  /** Bytes of a file at most, and of all that is kept. */
  readonly mostBytes: number;
  readonly keepBytes: number;
  /** For one file, in ms. */
  readonly timeoutMs: number;
  readonly downloads: number;
  readonly silentMs: number;
  readonly leastRate: LeastRate;
  readonly policy: RetryPolicy;
};

export type Fetcher = AsyncDisposable & {
  /** Where the file of this digest is, if it has been fetched. It may go until it is taken. */
  readonly pathOf: (checksum: Checksum) => string;
  /**
   * The file, out of the cache or fetched; `tell` hears how far a download has come. A file that several want is fetched
   * once, for as long as one of them waits. Throws `fetch_failed`, `fetch_refused`, `digest_mismatch`, `storage_full`, or
   * the signal's reason.
   */
  readonly take: (wanted: Wanted, tell: (progress: FetchProgress) => void, signal: AbortSignal) => Promise<TakenFile>;
};

type FetcherParts = {
  readonly folder: string;
  readonly source: Source;
  readonly limits: FetchLimits;
  /** Throws `storage_full` where the disk has no room for so many bytes more. */
  readonly checkRoom: (bytes: number) => Promise<void>;
  readonly clock: Clock;
  readonly warn: (facts: Readonly<Record<string, unknown>>, message: string) => void;
};

// What says something of one URL, and nothing of the next.
const ofOneUrl: readonly FaultCode[] = ['fetch_failed', 'fetch_refused', 'digest_mismatch'];

/** What went wrong at each of the URLs, as one fault: one that may pass where any may. */
const together = (faults: readonly Fault[], checksum: Checksum): Fault => {
  const told = faults.find(({ code }) => code === 'fetch_failed') ?? faults[0];
  if (told === undefined)
    return new Fault(
      'fetch_refused',
      `This host does not have the file ${checksumText(checksum)} any more. POST /media uploads it.`,
    );
  const message = faults.map((fault) => fault.message).join(' ');
  return new Fault(told.code, message, told.facts, { cause: told });
};

/** A download, from where it comes, and why it failed once it has. */
type Download = SharedFetch & { readonly url: string; readonly why: () => unknown };

/** The downloads that go on, one for each digest, shared by all builds that want it. */
const makeDownloads = (parts: FetcherParts, cache: Cache, stop: AbortSignal) => {
  const { source, limits, clock } = parts;
  const semaphore = makeSemaphore(limits.downloads);
  const all = new Map<string, Download>();

  const begin = (url: string, key: string): Download => {
    let why: unknown;
    const shared = share({
      ...{ cache, key, stop },
      run: async (handle, progress, left) => {
        using _turn = await semaphore.take(left);
        const tooLong = () =>
          new Fault(
            'fetch_failed',
            `${url} took longer than the ${limits.timeoutMs / 1000} s that [fetch] timeout gives.`,
          );
        using deadline = clock.deadline(limits.timeoutMs, left, tooLong);
        const { signal } = deadline;
        const makeRoom = async (bytes: number) => {
          await cache.makeRoom(key, bytes);
          await parts.checkRoom(bytes);
        };
        await download(handle, {
          ...{ source, key, progress, clock, signal, makeRoom },
          url: new URL(url),
          part: cache.partOf(key),
          most: limits.mostBytes,
          silentMs: limits.silentMs,
          leastRate: limits.leastRate,
          policy: limits.policy,
        });
        await cache.makeRoom(key, progress.have);
      },
      failed: (error) => {
        why = error;
      },
    });
    const begun = { ...shared, url, why: () => why };
    all.set(key, begun);
    void shared.over.then(() => all.delete(key));
    return begun;
  };
  return {
    of: (url: string, key: string) => all.get(key) ?? begin(url, key),
    over: async () => {
      await Promise.all([...all.values()].map(({ over }) => over));
    },
  };
};

/**
 * Follows a download to its end; rejects with what made it fail. `again`: it could not be joined, or it was from another
 * URL, whose failure says nothing of this one.
 */
const awaitDownload = async (
  shared: Download,
  url: string,
  tell: (progress: FetchProgress) => void,
  signal: AbortSignal,
): Promise<'done' | 'again'> => {
  const leave = new AbortController();
  const both = AbortSignal.any([signal, leave.signal]);
  try {
    if (!shared.join(both)) {
      await orAborted(shared.over, signal);
      return 'again';
    }
    const { progress } = shared;
    while (progress.state() === 'running') {
      tell(progress);
      // Its failure is told below, when the download is over.
      await progress.news(signal).catch(() => signal.throwIfAborted());
    }
    tell(progress);
    await orAborted(shared.over, signal);
    if (progress.state() === 'verified') return 'done';
    if (shared.url !== url) return 'again';
    throw shared.why();
  } finally {
    leave.abort();
  }
};

/** Tries one URL after the other; `together` what went wrong where none has the file. */
const fromFirst = async (
  { urls }: Wanted,
  checksum: Checksum,
  fetchFrom: (url: string) => Promise<number | undefined>,
  signal: AbortSignal,
): Promise<{ readonly bytes: number; readonly url: string }> => {
  const faults: Fault[] = [];
  for (const url of urls) {
    try {
      const bytes = await fetchFrom(url);
      if (bytes !== undefined) return { bytes, url };
    } catch (error) {
      signal.throwIfAborted();
      const fault = asFault(error);
      if (!ofOneUrl.includes(fault.code)) throw fault;
      faults.push(fault);
    }
  }
  throw together(faults, checksum);
};

export const openFetcher = async (parts: FetcherParts): Promise<Fetcher> => {
  const { folder, source, limits, clock, warn } = parts;
  const stopping = new AbortController();
  const cache = makeCache({ folder, bytes: limits.keepBytes, setting: '[fetch] keep', clock, warn });
  await mkdir(folder, { recursive: true, mode: 0o750 });
  await cache.prepare();
  const downloads = makeDownloads(parts, cache, stopping.signal);

  /** The size of the file in the cache, proven to be right; undefined where there is none. */
  const sizeOf = async (key: string, signal: AbortSignal): Promise<number | undefined> => {
    const reading = new AbortController();
    try {
      const found = await cache.open(key, AbortSignal.any([signal, reading.signal]));
      await found?.handle.close();
      return found?.stats.size;
    } finally {
      reading.abort();
    }
  };

  /** Fetches from one URL; undefined where the file was there by then. */
  const fetchFrom = async (url: string, key: string, tell: (progress: FetchProgress) => void, signal: AbortSignal) => {
    // A download that is ending cannot be joined: then there is the file, or another download to begin.
    while ((await awaitDownload(downloads.of(url, key), url, tell, signal)) === 'again') {
      const bytes = await sizeOf(key, signal);
      if (bytes !== undefined) return bytes;
    }
    return sizeOf(key, signal);
  };

  return {
    pathOf: (checksum) => cache.fileOf(keyOf(checksum)),
    take: async (wanted, tell, signal) => {
      const { urls, checksum: asked } = wanted;
      const checksum =
        'list' in asked ? await fetchSums(asked.list, urls, { ...limits, source, clock, signal }) : asked;
      const key = keyOf(checksum);
      const holding = cache.hold(key);
      const taken = (bytes: number, url?: string): TakenFile => ({
        ...{ path: cache.fileOf(key), bytes, checksum },
        ...(url === undefined ? {} : { url }),
        [Symbol.dispose]: () => holding[Symbol.dispose](),
      });
      try {
        const there = await sizeOf(key, signal);
        if (there !== undefined) return taken(there);
        const { bytes, url } = await fromFirst(wanted, checksum, (from) => fetchFrom(from, key, tell, signal), signal);
        return taken(bytes, url);
      } catch (error) {
        holding[Symbol.dispose]();
        throw error;
      }
    },
    [Symbol.asyncDispose]: async () => {
      stopping.abort(new Fault('draining', 'The daemon is stopping.'));
      await downloads.over();
    },
  };
};
