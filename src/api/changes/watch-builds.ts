import type { z } from 'zod';
import type { Progress } from '../../base/records/progress.ts';
import { isEnded } from '../../base/records/status.ts';
import type { Build } from '../../queue/records.ts';
import { showProgress, type View } from '../builds/view.ts';
import type { FeedParts } from './feed.ts';
import type { BuildChange } from './schema.ts';

type Told = Omit<z.output<typeof BuildChange>, 'id'>;

export type WatchParts = FeedParts & {
  readonly tell: (change: Told) => void;
  /** Called when some were told. */
  readonly told: () => void;
  readonly isHeard: () => boolean;
};

// Changes of one build within this time are told as one.
const tickMs = 200;

// How often it is looked how far the builds are that run.
const progressEveryMs = 1000;

// In one tick; the others wait for the next, so that no request waits long behind a burst of changes.
const mostAtOnce = 100;

// More run on no host.
const mostRunning = 500;

/** What of a build is worth telling: console and log go on without a change of it. */
const standingOf = (
  { status, phase, attempt, notBefore, cancelRequested, hold, pin, fault }: Build,
  progress?: Progress,
) => JSON.stringify([status, phase, attempt, notBefore, cancelRequested, hold, pin, fault?.code, progress?.step]);

const percentOf = ({ step, fraction }: Progress): string => `${step} ${Math.floor(fraction * 100)}`;

/** Tells of one build how it stands, and of all that run how far they are. Of builds that have not ended it knows what was told last. */
const makeTeller = ({ store, live, clock, tell }: WatchParts, view: Pick<View, 'build'>) => {
  const begunAt = clock.now();
  const standings = new Map<string, string>();
  const percents = new Map<string, string>();

  const typeOf = ({ id, status, createdAt }: Build): 'created' | 'changed' | 'ended' => {
    if (isEnded(status)) return 'ended';
    return standings.has(id) || createdAt < begunAt ? 'changed' : 'created';
  };
  const forget = (id: string) => {
    standings.delete(id);
    percents.delete(id);
  };
  return {
    change: async (id: string): Promise<void> => {
      const build = await store.find(id);
      if (build === undefined) {
        forget(id);
        return tell({ type: 'removed', build_id: id });
      }
      const progress = (await live.progress([build])).get(id);
      const standing = standingOf(build, progress);
      if (standings.get(id) === standing) return;
      tell({ type: typeOf(build), build_id: id, build: view.build(build, { progress }) });
      if (isEnded(build.status)) return forget(id);
      standings.set(id, standing);
      if (progress !== undefined) percents.set(id, percentOf(progress));
    },
    progress: async (): Promise<void> => {
      const { items } = await store.list({ statuses: ['running'] }, { limit: mostRunning });
      for (const [id, progress] of await live.progress(items)) {
        if (percents.get(id) === percentOf(progress)) continue;
        percents.set(id, percentOf(progress));
        tell({ type: 'progress', build_id: id, progress: showProgress(progress) });
      }
    },
  };
};

/** Tells how builds change, and how far those are that run: one look for each build and tick, however many listen. */
export const watchBuilds = (parts: WatchParts, view: Pick<View, 'build'>): Disposable => {
  const { store, clock, told, isHeard, onTrouble } = parts;
  const teller = makeTeller(parts, view);
  const changed = new Set<string>();
  let isLooking = false;
  let lookedAt = clock.elapsed();

  const look = async (): Promise<void> => {
    const ids = [...changed].slice(0, mostAtOnce);
    for (const id of ids) {
      changed.delete(id);
      await teller.change(id);
    }
    const isDue = isHeard() && clock.elapsed() - lookedAt >= progressEveryMs;
    if (isDue) {
      lookedAt = clock.elapsed();
      await teller.progress();
    }
    if (isDue || ids.length > 0) told();
  };
  const ticking = clock.every(tickMs, () => {
    if (isLooking) return;
    isLooking = true;
    void look()
      .catch(onTrouble)
      .finally(() => (isLooking = false));
  });
  const listener = store.onChange('*', (id) => void changed.add(id));
  return {
    [Symbol.dispose]: () => {
      listener[Symbol.dispose]();
      ticking[Symbol.dispose]();
    },
  };
};
