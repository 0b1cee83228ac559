import { orAborted, settled } from '../waiting.ts';

/** The last text that came over a line, with absolute places: character 0 is the first that ever came. */
export type Window = {
  /** The first place still kept, and the one after the last character. */
  readonly start: () => number;
  readonly end: () => number;
  /** The text from `from` to `to` (default: the end), as far as it is kept. */
  readonly slice: (from: number, to?: number) => string;
  readonly isClosed: () => boolean;
  readonly append: (text: string) => void;
  readonly close: () => void;
  /** Resolves when there is more than `after` characters or the window is closed. Rejects with the signal's reason. */
  readonly more: (after: number, signal: AbortSignal) => Promise<void>;
  /** From now on nothing from `place` on is dropped: whoever fills the window waits in `room` until the hold moves or goes. */
  readonly hold: (place: number) => Disposable & { readonly move: (place: number) => void };
  /** Resolves when the window can take more. */
  readonly room: (signal: AbortSignal) => Promise<void>;
};

/** How many characters stay when nobody listens: 64 Ki. */
const keep = 64 * 1024;

// A listener holds at most `keep`, one chunk (64 KiB at most) may come on top of it, and cutting is cheaper in large pieces.
const most = 3 * keep;

export const makeWindow = (): Window => {
  let text = '';
  let start = 0;
  let held: number | undefined;
  let closed = false;
  let grown = settled<void>();
  let freed = settled<void>();
  const end = () => start + text.length;
  const tell = () => {
    const told = grown;
    grown = settled();
    told.resolve();
  };
  const free = () => {
    const told = freed;
    freed = settled();
    told.resolve();
  };
  const isFull = () => held !== undefined && end() - held >= keep;
  return {
    start: () => start,
    end,
    slice: (from, to = end()) => text.slice(Math.max(0, from - start), Math.max(0, to - start)),
    isClosed: () => closed,
    append: (more) => {
      text += more;
      if (text.length > most) {
        const cut = Math.min(text.length - keep, (held ?? Infinity) - start);
        // A plain slice would keep the whole old text alive; joining and flattening makes a copy.
        text = Buffer.from(text.slice(cut), 'utf16le').toString('utf16le');
        start += cut;
      }
      tell();
    },
    close: () => {
      closed = true;
      tell();
    },
    more: async (after, signal) => {
      while (end() <= after && !closed) await orAborted(grown.promise, signal);
      signal.throwIfAborted();
    },
    hold: (place) => {
      held = place;
      return {
        move: (to) => {
          held = to;
          free();
        },
        [Symbol.dispose]: () => {
          held = undefined;
          free();
        },
      };
    },
    room: async (signal) => {
      while (isFull()) await orAborted(freed.promise, signal);
    },
  };
};
