/**
 * Who is claimed next: the first in the queue that could run on this host. Where the others leave it no room yet, smaller
 * builds that come after it may pass. When it has waited for a while, what becomes free is kept for it: from then on only
 * those pass that the host has room for beside it. A build that this host could not run now, even with no other, is passed
 * by all, and a suspect by none.
 */

import type { Build, Suspect } from '../records.ts';
import type { Demand } from '../asked.ts';
import { fullRuns } from './run.ts';

/** What the order of the queue is made from. */
export type Queued = Pick<Build, 'id' | 'priority' | 'notBefore' | 'createdAt' | 'demand' | 'isSuspect' | 'runId'>;

/** A build that runs, or is held. Times are Unix milliseconds. */
export type Started = {
  readonly id: string;
  readonly status: 'running' | 'held';
  readonly isSuspect: boolean;
  readonly leaseUntil: number;
  readonly claimedAt: number;
  readonly demand: Demand;
  /** The run that it is part of, and how many builds of that may run at once, where that is limited. */
  readonly run?: { readonly id: string; readonly parallel?: number };
};

/** What a host has for builds. */
export type Room = {
  /** All that builds may take together now. */
  readonly whole: Demand;
  /** What the running ones leave of it. */
  readonly left: Demand;
  /** How long a build that has no room is passed by others, in milliseconds. */
  readonly reserveAfterMs: number;
};

/**
 * Finds the first of the queue, by its turn, that is due, takes no more than `most`, is part of none of the runs that are
 * `full` and, unless they may, is no suspect.
 */
export type FirstOf = (most: Demand, suspects: 'too' | 'not', full: readonly string[]) => Queued | undefined;

const endless: Demand = { memoryMb: Number.MAX_SAFE_INTEGER, diskMb: Number.MAX_SAFE_INTEGER };

/** The head of the queue: the first that is due and may be claimed beside what runs, whatever it takes. */
export const headBy = (first: FirstOf, started: readonly Started[]): Queued | undefined =>
  first(endless, 'too', fullRuns(started));

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

export const fits = ({ memoryMb, diskMb }: Demand, room: Demand): boolean =>
  memoryMb <= room.memoryMb && diskMb <= room.diskMb;

/**
 * A build whose lease is over counts no longer: its worker cannot write how it ended, and would keep the queue waiting for
 * ever. Held builds are not among these: they only keep their machine, and a client may prolong that.
 */
const inTheWay = (started: readonly Started[], now: number): readonly Started[] =>
  started.filter(({ status, leaseUntil }) => status === 'running' && leaseUntil > now);

/** When what becomes free begins to be kept for a build that waits: Unix milliseconds. */
const reservedFrom = (
  { createdAt, notBefore }: Pick<Queued, 'createdAt' | 'notBefore'>,
  { reserveAfterMs }: Room,
): number => Math.max(createdAt, notBefore) + reserveAfterMs;

/**
 * What a build may take that passes `waiting`: all that is left, until room is kept for it; then what the host has beside it
 * and beside those that were claimed since. The others end one day, and then it starts.
 */
export const roomToPass = (waiting: Queued, started: readonly Started[], room: Room, now: number): Demand => {
  const from = reservedFrom(waiting, room);
  if (now < from) return room.left;
  const since = started.filter(({ claimedAt }) => claimedAt > from).map(({ demand }) => demand);
  const beside = roomLeft(room.whole, sumOf([waiting.demand, ...since]));
  const { memoryMb, diskMb } = room.left;
  return { memoryMb: Math.min(memoryMb, beside.memoryMb), diskMb: Math.min(diskMb, beside.diskMb) };
};

/** The build to start now beside those that run, if there is one. */
export const nextToStart = (
  first: FirstOf,
  started: readonly Started[],
  room: Room,
  now: number,
): Queued | undefined => {
  const running = inTheWay(started, now);
  if (running.some(({ isSuspect }) => isSuspect)) return undefined;
  const full = fullRuns(running);
  const next = first(room.whole, 'too', full);
  if (next === undefined) return undefined;
  if (next.isSuspect) return running.length === 0 && fits(next.demand, room.left) ? next : undefined;
  return fits(next.demand, room.left) ? next : first(roomToPass(next, started, room, now), 'not', full);
};

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
