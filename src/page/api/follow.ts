import { CallError, request } from './call.ts';

const ndjson = 'application/x-ndjson';

/** Resolves after so many milliseconds, or when the signal aborts. */
export const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end, { once: true });
  });

/** Resolves once the page can be seen, or when the signal aborts. */
export const seen = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const look = () => {
      if (document.hidden && !signal.aborted) return;
      document.removeEventListener('visibilitychange', look);
      signal.removeEventListener('abort', look);
      resolve();
    };
    document.addEventListener('visibilitychange', look);
    signal.addEventListener('abort', look, { once: true });
    look();
  });

/**
 * Does the work with a signal that also aborts when the page is hidden: a browser grants all tabs of one host six connections
 * together.
 */
const whileSeen = async <T>(work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> => {
  const hidden = new AbortController();
  const done = new AbortController();
  const look = () => {
    if (document.hidden) hidden.abort();
  };
  document.addEventListener('visibilitychange', look, { signal: done.signal });
  // Safari has no `using` yet.
  return work(AbortSignal.any([signal, hidden.signal])).finally(() => done.abort());
};

/** The values of a body of JSON lines, as they come; the empty lines between them only say that the stream lives. */
const values = async function* (body: ReadableStream<Uint8Array>): AsyncGenerator<unknown, void> {
  // The types of streams and of the DOM differ in what a decoder takes: more than bytes.
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (rest + value).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line !== '') yield JSON.parse(line);
  }
};

const longestPauseMs = 10_000;

const isRefused = (error: unknown): boolean =>
  error instanceof CallError && error.status >= 400 && error.status < 500 && error.status !== 429;

/**
 * Follows a stream of the API until the signal aborts or `isOver` says so after its end; goes on where it was after a
 * broken connection, a restart of the daemon, and a time in which nobody looked. `path` is asked each time; `take` is
 * given each value. Throws what the API refuses.
 */
export const follow = async <T>(
  path: () => string,
  take: (value: T) => void,
  isOver: () => boolean | Promise<boolean>,
  signal: AbortSignal,
): Promise<void> => {
  let pauseMs = 500;
  const read = async (open: AbortSignal): Promise<boolean> => {
    try {
      const { body } = await request(path(), { accept: ndjson, signal: open });
      // The values are those of the contract: see `call`.
      if (body !== null)
        for await (const value of values(body)) {
          take(value as T);
          pauseMs = 500;
        }
      return await isOver();
    } catch (error) {
      if (isRefused(error) && !open.aborted) throw error;
      return false;
    }
  };
  for (;;) {
    await seen(signal);
    if (signal.aborted || (await whileSeen(read, signal))) return;
    if (!document.hidden) await pause(pauseMs, signal);
    pauseMs = Math.min(2 * pauseMs, longestPauseMs);
  }
};
