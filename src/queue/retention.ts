import type { Clock } from '../base/clock.ts';
import type { Store } from './store.ts';

export type RetentionParts = {
  readonly store: Store;
  /** Deletes the files of an ended build; may be called again for one that is gone. */
  readonly removeFiles: (buildId: string) => Promise<void>;
  /** How many ended builds stay, and for how many days; asked each round, so that it may change. */
  readonly policy: () => { readonly keep: number; readonly days: number };
  /** Called when a round has ended: for what belonged to the builds that went. */
  readonly afterRound?: () => Promise<void>;
  readonly clock: Clock;
  readonly log: { readonly warn: (facts: object, message: string) => void };
};

const dayMs = 24 * 60 * 60 * 1000;

const hourMs = 60 * 60 * 1000;

// Small, so that a request never waits long behind the deletions.
const batch = 20;

/**
 * Forgets the ended builds that are beyond what is kept, oldest first, and gives their number. The files go first: a
 * daemon that dies in between finds the build again and goes on, where files without a build would stay for ever.
 */
export const prune = async (
  { store, removeFiles, policy, clock, log }: RetentionParts,
  signal: AbortSignal,
): Promise<number> => {
  const forget = async (id: string): Promise<number> => {
    try {
      // A build may have been accepted meanwhile that begins with an artifact of it.
      if (!(await store.beginRemoval(id))) return 0;
      await removeFiles(id);
      return (await store.remove(id)) ? 1 : 0;
    } catch (error) {
      log.warn({ err: error, build: id }, 'an old build could not be deleted; it is tried again later');
      return 0;
    }
  };
  const { keep, days } = policy();
  for (let forgotten = 0; ;) {
    const ids = await store.expired({ keep, olderThan: clock.now() - days * dayMs, limit: batch });
    let gone = 0;
    for (const id of ids) {
      if (signal.aborted) return forgotten + gone;
      gone += await forget(id);
    }
    forgotten += gone;
    if (gone === 0) return forgotten;
  }
};

/** Prunes at once, every hour, and whenever a build has ended, one round at a time; disposing it waits for the round. */
export const keepPruned = (parts: RetentionParts): AsyncDisposable => {
  const { store, clock, log } = parts;
  const closing = new AbortController();
  let round: Promise<unknown> | undefined;
  let isAskedAgain = false;

  const rounds = async (): Promise<void> => {
    do {
      isAskedAgain = false;
      try {
        await prune(parts, closing.signal);
        await parts.afterRound?.();
      } catch (error) {
        log.warn({ err: error }, 'old builds could not be looked for; tried again later');
      }
    } while (isAskedAgain && !closing.signal.aborted);
    round = undefined;
  };
  const ask = (): void => {
    isAskedAgain = true;
    if (!closing.signal.aborted) round ??= rounds();
  };
  const look = (id: string): void => {
    store.find(id).then(
      (build) => {
        if (build?.endedAt !== undefined) ask();
      },
      (error: unknown) => log.warn({ err: error, build: id }, 'could not see whether a build has ended'),
    );
  };
  const hourly = clock.every(hourMs, ask);
  const listening = store.onChange('*', look);
  ask();
  return {
    [Symbol.asyncDispose]: async () => {
      closing.abort();
      listening[Symbol.dispose]();
      hourly[Symbol.dispose]();
      await round;
    },
  };
};
