import { cleanupStack } from '../../../base/cleanup.ts';
import { makeNotifier } from '../../../base/notifier.ts';

/** What a client follows. */
export type Followed = {
  /** Has `ring` called whenever there may be more. */
  readonly listen: (ring: () => void) => readonly Disposable[];
  /** Whether what there is now is all that will ever be. */
  readonly isComplete: () => Promise<boolean>;
  /** What has come since it was read last, as texts. */
  readonly read: (signal: AbortSignal) => AsyncGenerator<string, void>;
};

/** All that comes, in order and each once, until it is complete or the signal aborts. */
export const follow = async function* (
  { listen, isComplete, read }: Followed,
  signal: AbortSignal,
): AsyncGenerator<string, void> {
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
