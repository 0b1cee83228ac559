/** Asks for /healthz without a pause, in a thread of its own: what delays the soak does not delay it. */

import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { get } from 'node:http';

const everyMs = 100;

export type Probe = AsyncDisposable & {
  /** From now on it asks there; undefined: nowhere. */
  readonly aim: (url: string | undefined) => void;
  /** The longest wait for an answer since this was asked last, in milliseconds. */
  readonly longestMs: () => number;
};

const times = (workerData ?? {}) as { readonly shared?: SharedArrayBuffer };

const ask = (url: string): Promise<void> =>
  new Promise((resolve) => {
    const request = get(new URL('/healthz', url), { agent: false }, (reply) => {
      reply.resume().once('close', resolve);
    });
    request.once('error', () => resolve());
  });

const asking = async (shared: SharedArrayBuffer): Promise<void> => {
  const longest = new Int32Array(shared);
  let url: string | undefined;
  parentPort?.on('message', (next: string | undefined) => (url = next));
  for (;;) {
    const at = url;
    if (at !== undefined) {
      const began = performance.now();
      await ask(at);
      // An answer that was awaited while the daemon was ended says nothing.
      if (url === at)
        Atomics.store(longest, 0, Math.max(Atomics.load(longest, 0), Math.round(performance.now() - began)));
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
};

export const startProbe = (): Probe => {
  const shared = new SharedArrayBuffer(4);
  const longest = new Int32Array(shared);
  const worker = new Worker(new URL(import.meta.url), { workerData: { shared } });
  return {
    aim: (url) => worker.postMessage(url),
    longestMs: () => Atomics.exchange(longest, 0, 0),
    [Symbol.asyncDispose]: async () => void (await worker.terminate()),
  };
};

if (!isMainThread && times.shared !== undefined) await asking(times.shared);
