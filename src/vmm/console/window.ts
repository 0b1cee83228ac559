import { orAborted, deferred } from '../../base/waiting.ts';

/** The last text that came over a line, with absolute places: character 0 is the first that ever came. */
export type Window = {
  /** The first place still kept, whose character before is kept, too, and the place after the last character. */
  readonly start: () => number;
  readonly end: () => number;
  /** The text from `from` to `to` (default: the end), as far as it is kept. */
  readonly slice: (from: number, to?: number) => string;
  readonly isClosed: () => boolean;
  readonly append: (text: string) => void;
  readonly close: () => void;
  /** Resolves when there is more than `after` characters or the window is closed. Rejects with the signal's reason. */
  readonly more: (after: number, signal: AbortSignal) => Promise<void>;
  /** Nothing from `place` on is dropped until the next call, or `letGo`. Where that becomes too much, `room` does not resolve. */
  readonly holdFrom: (place: number) => void;
  readonly letGo: () => void;
  /** Resolves when the window can take more. */
  readonly room: (signal: AbortSignal) => Promise<void>;
};

/** How many characters stay when no turn listens: 64 Ki. */
const keep = 64 * 1024;

const small = 2 * 1024;

// One closure, though long: all of it is about the pieces that are kept.
export const makeWindow = (): Window => {
  // Whole pieces are put in and dropped, and only those that are asked for are joined: a flood is not copied about.
  let pieces: { readonly at: number; readonly text: string }[] = [];
  let start = 0;
  let end = 0;
  let held: number | undefined;
  let closed = false;
  let grown = deferred<void>();
  let freed = deferred<void>();
  const tell = () => {
    const told = grown;
    grown = deferred();
    told.resolve();
  };
  const holdFrom = (place: number | undefined) => {
    held = place;
    const told = freed;
    freed = deferred();
    told.resolve();
  };
  const isFull = () => held !== undefined && end - held >= keep;
  return {
    start: () => start,
    end: () => end,
    slice: (from, to = end) =>
      pieces
        .filter(({ at, text }) => at < to && at + text.length > from)
        .map(({ at, text }) => text.slice(Math.max(0, from - at), Math.max(0, to - at)))
        .join(''),
    isClosed: () => closed,
    append: (text) => {
      if (text === '') return;
      const last = pieces.at(-1);
      // A slow line brings single characters; they are kept together, or there would be as many pieces as characters.
      if (last && last.text.length < small) pieces[pieces.length - 1] = { at: last.at, text: last.text + text };
      else pieces.push({ at: end, text });
      end += text.length;
      const needed = Math.min(end - keep, held ?? Infinity);
      // With the character before, by which `^` knows whether a line begins there.
      const first = pieces.findIndex((piece) => piece.at + piece.text.length >= needed);
      if (first > 0) {
        pieces = pieces.slice(first);
        start = (pieces[0]?.at ?? end) + 1;
      }
      tell();
    },
    close: () => {
      closed = true;
      tell();
    },
    more: async (after, signal) => {
      while (end <= after && !closed) await orAborted(grown.promise, signal);
      signal.throwIfAborted();
    },
    holdFrom,
    letGo: () => holdFrom(undefined),
    room: async (signal) => {
      while (isFull()) await orAborted(freed.promise, signal);
    },
  };
};
