import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../base/clock.ts';
import { judgeEnded, type EndedBuild, type RetentionPolicy } from './rules/retention.ts';
import type { Store } from './store.ts';

export type RetentionParts = {
  readonly store: Store;
  /** Deletes the files of an ended build; may be called again for one that is gone. */
  readonly removeFiles: (buildId: string) => Promise<void>;
  /** What is kept; asked each round, so that it may change. */
  readonly policy: () => RetentionPolicy;
  /** Called when a round has ended: for what belonged to the builds that went. */
  readonly afterRound?: () => Promise<void>;
  readonly clock: Clock;
  readonly log: { readonly warn: (facts: object, message: string) => void };
};

const hourMs = 60 * 60 * 1000;

// Small, so that a request never waits long behind a page of them.
const pageSize = 200;

/** The ended builds that are no longer kept, oldest first. */
const goingOf = async ({ store, policy, clock }: RetentionParts, signal: AbortSignal): Promise<readonly string[]> => {
  const goes = judgeEnded(policy(), clock.now());
  const going: string[] = [];
  for (let last: EndedBuild | undefined; !signal.aborted;) {
    const page = await store.ended({ ...(last === undefined ? {} : { before: last }), limit: pageSize });
    for (const build of page) if (goes(build)) going.push(build.id);
    last = page.at(-1);
    if (last === undefined) break;
    // Other requests come in between two pages: reading one takes no turn of the loop.
    await setImmediate();
  }
  return going.reverse();
};

/**
 * Forgets the ended builds that are no longer kept, oldest first, and gives their number. The files go first: a
 * daemon that dies in between finds the build again and goes on, where files without a build would stay for ever.
 */
export const prune = async (parts: RetentionParts, signal: AbortSignal): Promise<number> => {
  const { store, removeFiles, log } = parts;
  const forget = async (id: string): Promise<number> => {
    try {
      // Meanwhile a build may have been accepted that begins with an artifact of it, or it may have been pinned.
      if (!(await store.beginRemoval(id))) return 0;
      await removeFiles(id);
      return (await store.remove(id)) ? 1 : 0;
    } catch (error) {
      log.warn({ err: error, build: id }, 'an old build could not be deleted; it is tried again later');
      return 0;
    }
  };
  let forgotten = 0;
  for (const id of await goingOf(parts, signal)) {
    if (signal.aborted) break;
    forgotten += await forget(id);
  }
  return forgotten;
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
