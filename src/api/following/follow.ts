import { cleanupStack } from '../../base/cleanup.ts';

/** A part of what is followed, as it is sent. */
export type Sendable = string | Uint8Array;

/** What comes next. */
export type NextPiece<Part extends Sendable> = {
  /** Undefined where there is none yet. */
  readonly part: Part | undefined;
  /** Whether there was no more when it was read. */
  readonly isAll: boolean;
  /** Whether nothing is added to what there was. */
  readonly isLast: boolean;
};

/** What a client follows, opened. Disposing it lets it go. */
export type OpenedText<Part extends Sendable> = AsyncDisposable & { readonly next: () => Promise<NextPiece<Part>> };

/** Opens what a client follows. `ring` is to be called whenever there may be more. */
export type FollowedBytes<Part extends Sendable> = (ring: () => void) => OpenedText<Part>;

type Answer<Part> = {
  readonly resolve: (result: IteratorResult<Part, undefined>) => void;
  readonly reject: (error: unknown) => void;
};

const over = { done: true, value: undefined } as const;

/**
 * All that comes, in order and each once, until it is complete or the signal aborts. One part may be asked for at a time.
 *
 *     asked ── there may be more ──▶ reading ── a part ──▶ given
 *       ▲ │                             │
 *   ring│ └── there is none ──▶ waiting ◀┘ none
 *       └──────────────────────────┘
 *
 * Not generators: of a thousand who follow one text, three for each made most of the garbage, and it grew the heap.
 */
// One closure, though long: the states that are drawn above.
export const follow = <Part extends Sendable>(
  open: FollowedBytes<Part>,
  signal: AbortSignal,
): AsyncIterableIterator<Part, undefined> => {
  const cleanup = cleanupStack();
  let opened: OpenedText<Part> | undefined;
  let asked: Answer<Part> | undefined;
  let ended: Promise<void> | undefined;
  let [mayHaveMore, isReading, isComplete] = [true, false, false];

  const end = (): Promise<void> => (ended ??= Promise.resolve(cleanup[Symbol.asyncDispose]()));
  const answer = (): Answer<Part> | undefined => {
    const one = asked;
    asked = undefined;
    return one;
  };
  const finish = () => {
    const one = answer();
    end().then(
      () => one?.resolve(over),
      (error: unknown) => one?.reject(error),
    );
  };
  const fail = (error: unknown) => {
    isReading = false;
    const one = answer();
    const tell = () => one?.reject(error);
    end().then(tell, tell);
  };
  const take = ({ part, isAll, isLast }: NextPiece<Part>) => {
    isReading = false;
    mayHaveMore ||= !isAll;
    isComplete = isAll && isLast;
    if (part === undefined) look();
    else answer()?.resolve({ done: false, value: part });
  };
  const look = () => {
    if (asked === undefined || isReading) return;
    if (signal.aborted || isComplete) return finish();
    if (opened === undefined || !mayHaveMore) return;
    mayHaveMore = false;
    isReading = true;
    opened.next().then(take, fail);
  };
  const ring = () => {
    mayHaveMore = true;
    look();
  };
  const begin = () => {
    opened = cleanup.keep(open(ring));
    signal.addEventListener('abort', look, { once: true });
    cleanup.defer(() => signal.removeEventListener('abort', look));
  };
  return {
    next: () =>
      new Promise((resolve, reject) => {
        if (ended !== undefined) return resolve(over);
        asked = { resolve, reject };
        try {
          if (opened === undefined && !signal.aborted) begin();
        } catch (error) {
          return fail(error);
        }
        look();
      }),
    return: async () => {
      answer()?.resolve(over);
      await end();
      return over;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
};
