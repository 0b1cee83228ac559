import type { FileHandle } from 'node:fs/promises';
import type { Cache } from './cache.ts';
import { openPart } from './part.ts';
import { makeProgress, type FetchProgress } from './progress.ts';

/** A download that many may wait for. */
export type SharedFetch = {
  readonly progress: FetchProgress;
  /** Counts one more in until its signal aborts; false when it is ending and cannot be joined: wait until it is over. */
  readonly join: (signal: AbortSignal) => boolean;
  /** What is written to, to be read along. Open for as long as a build has joined. */
  readonly file: () => FileHandle;
  /** Resolves when it has ended, with its file in the cache or its part left behind; never rejects. */
  readonly over: Promise<void>;
};

type ShareParts = {
  readonly cache: Cache;
  readonly key: string;
  /** The daemon's. */
  readonly stop: AbortSignal;
  readonly run: (handle: FileHandle, progress: FetchProgress, signal: AbortSignal) => Promise<void>;
  readonly failed: (error: unknown) => void;
};

/**
 * Begins a download that lasts as long as a reader waits for it. When the last one leaves, it is ended: a guest that comes and
 * goes cannot make this host download all there is, and what has come is not lost, since its part stays.
 */
export const share = ({ cache, key, stop, run, failed }: ShareParts): SharedFetch => {
  const progress = makeProgress();
  const left = new AbortController();
  const signal = AbortSignal.any([stop, left.signal]);
  const holding = cache.hold(key);
  let waiting = 0;
  let isOver = false;
  let isClosed = false;
  let handle: FileHandle | undefined;

  const closeWhenDone = () => {
    if (!isOver || waiting > 0 || isClosed) return;
    isClosed = true;
    holding[Symbol.dispose]();
    // Everything is on disk by now; an error of close changes nothing.
    handle?.close().catch(() => undefined);
  };

  const all = async () => {
    try {
      handle = await openPart(cache.partOf(key));
      await run(handle, progress, signal);
      await cache.keep(key);
      progress.end();
    } catch (error) {
      failed(error);
      progress.end(error);
    }
    isOver = true;
    closeWhenDone();
  };

  return {
    progress,
    join: (guest) => {
      if (isClosed || left.signal.aborted || guest.aborted) return false;
      waiting++;
      guest.addEventListener(
        'abort',
        () => {
          waiting--;
          if (waiting > 0) return;
          if (!isOver) left.abort(new Error('no reader waits for the download any more'));
          closeWhenDone();
        },
        { once: true },
      );
      return true;
    },
    file: () => {
      if (!handle) throw new Error('a download is followed before it has begun');
      return handle;
    },
    over: all(),
  };
};
