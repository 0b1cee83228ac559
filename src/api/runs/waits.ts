import type { Clock } from '../../base/clock.ts';
import { makeNotifier } from '../../base/notifier.ts';
import type { StoredRun } from '../../queue/records.ts';
import type { Store } from '../../queue/store.ts';

type Parts = { readonly store: Pick<Store, 'findRun' | 'onChange'>; readonly clock: Clock };

/**
 * The run once `enough` says so of it, or as it stands after `ms`, or when the signal aborts. `first` is the run as it was
 * at the beginning. Undefined: there is no such run, or no longer.
 */
export const runUntil = async (
  { store, clock }: Parts,
  id: string,
  enough: (run: StoredRun, first: StoredRun) => boolean,
  ms: number,
  signal: AbortSignal,
): Promise<StoredRun | undefined> => {
  const known = await store.findRun(id);
  if (known === undefined || ms === 0) return known;
  const notifier = makeNotifier();
  // Its builds are all there from the beginning, and each change of the run is one of a build.
  const listeners = known.builds.map((build) => store.onChange(build.id, notifier.ring));
  using limit = clock.deadline(ms, signal, () => new Error('the wait is over'));
  try {
    // Looked up once more, so that no change falls between the first look and the listening.
    const first = await store.findRun(id);
    for (let run = first; ; run = await store.findRun(id)) {
      if (run === undefined || first === undefined || enough(run, first)) return run;
      if (!(await notifier.heard(limit.signal))) return run;
    }
  } finally {
    for (const listener of listeners) listener[Symbol.dispose]();
  }
};
