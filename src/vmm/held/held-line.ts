/**
 * The serial line of a machine, by way of the program that holds it (src/vmm/holder):
 *
 *   held --- the holder goes ---> let go --- `again`, until it has one ---> held     bytes may be lost in between
 *    |  ^                            |
 *    |  +--- attach --- detached <---+--- detach        an operator has the line
 *    |                               |
 *    +----------- end ---------------+---> over         the file is read to its end
 */

import type { Clock } from '../../base/clock.ts';
import { isErrno } from '../../base/errno.ts';
import { tailOf } from '../../base/file/tail.ts';
import { deferred, orAborted, retry } from '../../base/waiting.ts';
import { lineClosed } from '../serial-line.ts';
import type { Detachable, SerialLine } from '../types.ts';
import { openGrowingFile } from './growing-file.ts';
import type { Holder } from './holder.ts';
import { heldFiles } from './names.ts';

export type HeldLine = SerialLine &
  AsyncDisposable & {
    /** The last that came, at most 4 KiB. */
    readonly tail: () => Promise<string>;
    /** The machine has gone: what has come is still given to the reader, and then the line ends. */
    readonly end: () => void;
    /** Resolves when the reader has come to the end, or, where there is none, when nothing more comes. */
    readonly ended: Promise<void>;
    readonly detach: Detachable['detach'];
    readonly attach: Detachable['attach'];
    /** Calls back each time it was held again, after bytes of it may have been lost. */
    readonly onGap: (seen: () => void) => void;
  };

export type HeldLineOptions = {
  readonly folder: string;
  readonly clock: Clock;
  /** Has the line held again. A Fault says why that cannot be now. */
  readonly again: (signal: AbortSignal) => Promise<Holder>;
  /** Told whenever a holder has gone: the machine may have gone, or the holder alone. */
  readonly onGone: () => void;
};

const mostTail = 4 * 1024;

// A machine that is about to go has no console any more: nobody is in a hurry to hear that again and again.
const untilHeld = { attempts: Infinity, firstMs: 100, growth: 1.7, mostMs: 10_000 };

/**
 * `first` holds the line now. Undefined: it has to be held again; `gone`: the machine has gone, and there is nothing to hold. The
 * file that the guest's words go to is there.
 */
// One closure, though long: reading, writing and detaching are all about the one holder that there is now.
export const heldLine = async (first: Holder | 'gone' | undefined, options: HeldLineOptions): Promise<HeldLine> => {
  const { folder, clock, again, onGone } = options;
  const { said } = heldFiles(folder);
  const gone = new AbortController();
  const over = new AbortController();
  const ended = deferred<void>();
  const file = await openGrowingFile(said, over.signal, clock);
  let current = first === 'gone' ? undefined : first;
  if (first === 'gone') gone.abort(lineClosed());
  let held = deferred<void>();
  let detached: { readonly holder: ReturnType<typeof deferred<Holder>> } | undefined;
  let gaps = 0;
  const gapWatchers: (() => void)[] = [];

  const holdAgain = async (): Promise<void> => {
    // An operator who asks for it while it is being held again gets it.
    const once = () => (detached ? orAborted(detached.holder.promise, gone.signal) : again(gone.signal));
    const next = await retry(once, untilHeld, () => !gone.signal.aborted, clock, gone.signal);
    detached = undefined;
    current = next;
    held.resolve();
    held = deferred();
    gaps += 1;
    for (const seen of gapWatchers) seen();
  };
  const hold = async (): Promise<void> => {
    for (;;) {
      if (current !== undefined) {
        await current.gone;
        current = undefined;
        onGone();
      }
      if (gone.signal.aborted) return;
      await holdAgain();
    }
  };
  const finish = () => {
    over.abort();
    // Nobody reads: then nothing is waited for.
    if (!file.isRead()) ended.resolve();
  };
  const holding = hold().then(finish, finish);

  const read = async function* (): AsyncGenerator<Uint8Array, void> {
    try {
      yield* file.bytes;
    } finally {
      ended.resolve();
    }
  };

  const bytes = read();

  return {
    bytes,
    write: async (bytes) => {
      while (!gone.signal.aborted) {
        if (current !== undefined) return current.write(bytes);
        await orAborted(held.promise, gone.signal);
      }
      throw lineClosed();
    },
    tail: () =>
      tailOf(said, mostTail).catch((error: unknown) => {
        if (isErrno(error, 'ENOENT')) return '';
        throw error;
      }),
    end: () => gone.abort(lineClosed()),
    ended: ended.promise,
    detach: async () => {
      detached ??= { holder: deferred() };
      await current?.end();
    },
    attach: async (signal) => {
      if (detached === undefined) return;
      detached.holder.resolve(await again(signal));
    },
    onGap: (seen) => {
      gapWatchers.push(seen);
      for (let n = 0; n < gaps; n++) seen();
    },
    [Symbol.asyncDispose]: async () => {
      gone.abort(lineClosed());
      await current?.end();
      await holding;
      // A reader that has stopped in the middle would keep the file open.
      await bytes.return();
      await file[Symbol.asyncDispose]();
    },
  };
};
