import type { z } from 'zod';
import type { Clock } from '../../base/clock.ts';
import type { Ids } from '../../base/ids.ts';
import type { Store } from '../../queue/store.ts';
import type { View } from '../builds/view.ts';
import { makeRings } from '../following/rings.ts';
import type { ApiParts } from '../types.ts';
import { makeLog, type LoggedChange, type ChangeLog } from './log.ts';
import type { BuildChange } from './schema.ts';
import { watchBuilds } from './watch-builds.ts';

/** Where the changes of all builds are told: looked up once, however many listen. */
export type Feed = Disposable & {
  /** Calls `ring` when there may be more. Without a listener nothing is looked up. */
  readonly listen: (ring: () => void) => Disposable;
  /** What came after this place, with the place behind it; a `reset` first where some of it is not there any more. */
  readonly since: (place: string | undefined) => { readonly changes: readonly LoggedChange[]; readonly place: string };
};

export type FeedParts = {
  readonly store: Pick<Store, 'find' | 'list' | 'onChange'>;
  readonly live: Pick<ApiParts['live'], 'progress'>;
  readonly clock: Clock;
  readonly ids: Pick<Ids, 'id'>;
  readonly onTrouble: (error: unknown) => void;
};

// A client that was cut off comes back within this time, and goes on where it was.
const staysMs = 60_000;

type Life = Disposable & { readonly log: ChangeLog };

/** The feed begins with the first who listens, and ends some time after the last has gone. */
export const makeFeed = (parts: FeedParts, view: Pick<View, 'build'>): Feed => {
  const { clock, ids } = parts;
  const rings = makeRings(clock);
  let life: Life | undefined;
  let leftAt = 0;

  const begin = (): Life => {
    const log = makeLog(ids.id());
    const tell = (change: Omit<z.output<typeof BuildChange>, 'id'>) => log.append(change);
    const watching = watchBuilds({ ...parts, tell, told: rings.ringAll, isHeard: () => rings.size() > 0 }, view);
    const ending = clock.every(staysMs, () => {
      if (rings.size() === 0 && clock.elapsed() - leftAt >= staysMs) end();
    });
    return {
      log,
      [Symbol.dispose]: () => {
        ending[Symbol.dispose]();
        watching[Symbol.dispose]();
      },
    };
  };
  const end = () => {
    life?.[Symbol.dispose]();
    life = undefined;
  };
  return {
    listen: (ring) => {
      life ??= begin();
      const listening = rings.add(ring);
      return {
        [Symbol.dispose]: () => {
          listening[Symbol.dispose]();
          leftAt = clock.elapsed();
        },
      };
    },
    since: (place) => (life ??= begin()).log.since(place),
    [Symbol.dispose]: end,
  };
};
