import { cleanupStack } from '../../base/cleanup.ts';
import { makeNotifier } from '../../base/notifier.ts';

/** A part of what is followed, as it is sent. */
export type Sendable = string | Uint8Array;

/** What a client follows. */
export type Followed<Part extends Sendable> = {
  /** Has `ring` called whenever there may be more. */
  readonly listen: (ring: () => void) => readonly Disposable[];
  /** Whether what there is now is all that will ever be. */
  readonly isComplete: () => Promise<boolean>;
  /** What has come since it was read last. */
  readonly read: (signal: AbortSignal) => AsyncGenerator<Part, void>;
};

/** All that comes, in order and each once, until it is complete or the signal aborts. */
export const follow = async function* <Part extends Sendable>(
  { listen, isComplete, read }: Followed<Part>,
  signal: AbortSignal,
): AsyncGenerator<Part, void> {
  await using cleanup = cleanupStack();
  const notifier = makeNotifier();
  for (const listener of listen(notifier.ring)) cleanup.keep(listener);
  do {
    // Asked before it is read, so that the last of it is among that.
    const isLast = await isComplete();
    yield* read(signal);
    if (isLast) return;
  } while (await notifier.heard(signal));
};
