/**
 * Who is claimed next. Only the head of the queue is: where it cannot start yet it keeps its place, so that small builds
 * do not starve a large one, nor others a suspect.
 */

import type { Build, Demand, Suspect } from '../store.ts';

/** What the order of the queue is made from. */
export type Queued = Pick<Build, 'id' | 'priority' | 'notBefore' | 'demand' | 'isSuspect'>;

/** A build that runs. `leaseUntil` is Unix milliseconds. */
export type Started = { readonly id: string; readonly isSuspect: boolean; readonly leaseUntil: number };

/** Highest priority first, then the oldest: ids sort by time. SQL says the same as ORDER BY priority DESC, id. */
export const byTurn = (one: Queued, other: Queued): number =>
  other.priority - one.priority || (one.id < other.id ? -1 : 1);

/** The first of those whose pause is over. */
export const headOf = (queued: readonly Queued[], now: number): Queued | undefined =>
  queued.filter(({ notBefore }) => notBefore <= now).toSorted(byTurn)[0];

/** What builds may take together. */
export const sumOf = (demands: readonly Demand[]): Demand => ({
  memoryMb: demands.reduce((sum, { memoryMb }) => sum + memoryMb, 0),
  diskMb: demands.reduce((sum, { diskMb }) => sum + diskMb, 0),
});

/** What is left of the host's whole room beside what runs. */
export const roomLeft = (whole: Demand, taken: Demand): Demand => ({
  memoryMb: Math.floor(whole.memoryMb) - taken.memoryMb,
  diskMb: Math.floor(whole.diskMb) - taken.diskMb,
});

const fits = ({ memoryMb, diskMb }: Demand, room: Demand): boolean =>
  memoryMb <= room.memoryMb && diskMb <= room.diskMb;

/**
 * A build whose lease is over counts no longer: its worker cannot write how it ended, and would keep the queue waiting for
 * ever. Held builds are not among these: they only keep their machine, and a client may prolong that.
 */
const inTheWay = (started: readonly Started[], now: number): readonly Started[] =>
  started.filter(({ leaseUntil }) => leaseUntil > now);

/** Whether the head may start beside those that run: it fits, and a suspect runs alone. */
export const mayStart = (head: Queued, started: readonly Started[], room: Demand, now: number): boolean =>
  fits(head.demand, room) && inTheWay(started, now).every(({ isSuspect }) => !isSuspect && !head.isSuspect);

/** The suspect that keeps others waiting, if there is one. */
export const suspectAmong = (
  head: Queued | undefined,
  started: readonly Started[],
  now: number,
): Suspect | undefined => {
  const running = inTheWay(started, now).find(({ isSuspect }) => isSuspect);
  if (running) return { id: running.id, state: 'runs' };
  return head?.isSuspect ? { id: head.id, state: 'waits' } : undefined;
};
