/**
 * When queued builds end, as far as that can be told: each starts in its turn, as soon as a slot is free and the builds that
 * run leave it room. That smaller builds pass, and that runs have limits of their own, is left out.
 */

import type { Demand } from '../asked.ts';
import { fits, roomLeft, sumOf } from './order.ts';

/** A build that runs or is held; `endsAt` is Unix milliseconds, undefined where that is not known. */
export type Busy = { readonly demand: Demand; readonly endsAt?: number };

/** A queued build; `tookMs`: how long builds like it took, undefined where that is not known. */
export type Ahead = {
  readonly id: string;
  readonly demand: Demand;
  readonly notBefore: number;
  readonly tookMs?: number;
};

const endOf = ({ endsAt = Infinity }: Busy): number => endsAt;

const firstToEnd = (busy: readonly Busy[]): Busy | undefined =>
  busy.reduce<Busy | undefined>(
    (first, one) => (first === undefined || endOf(one) < endOf(first) ? one : first),
    undefined,
  );

/** The end of each queued build of which it is known, by id: Unix milliseconds. `queue` is in the order of the queue. */
export const forecastEnds = (
  queue: readonly Ahead[],
  started: readonly Busy[],
  host: { readonly slots: number; readonly whole: Demand },
  now: number,
): ReadonlyMap<string, number> => {
  const ends = new Map<string, number>();
  let busy = [...started];
  let at = now;
  for (const { id, demand, notBefore, tookMs } of queue) {
    // Others pass one that this host could never run.
    if (!fits(demand, host.whole)) continue;
    while (busy.length >= host.slots || !fits(demand, roomLeft(host.whole, sumOf(busy.map((one) => one.demand))))) {
      const first = firstToEnd(busy);
      if (first === undefined || endOf(first) === Infinity) return ends;
      at = Math.max(at, endOf(first));
      busy = busy.filter((one) => one !== first);
    }
    const endsAt = tookMs === undefined ? undefined : Math.max(at, notBefore) + tookMs;
    if (endsAt !== undefined) ends.set(id, endsAt);
    busy.push({ demand, ...(endsAt === undefined ? {} : { endsAt }) });
  }
  return ends;
};
