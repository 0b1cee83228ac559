import type { Clock } from '../base/clock.ts';
import { Fault } from '../base/fault.ts';
import type { Ids } from '../base/ids.ts';
import { orAborted, deferred } from '../base/waiting.ts';
import { aliveEveryMs } from './rules/crash.ts';
import { watchTrouble } from './host-trouble.ts';
import { roomLeft, sumOf, type Room } from './rules/order.ts';
import { whyWaiting } from './rules/waiting.ts';
import type { Waiting } from '../base/records/waiting.ts';
import type { Build, Claim, TooLarge } from './records.ts';
import type { Demand } from './asked.ts';
import type { RunBuild, Store } from './store.ts';
import { makeWorker } from './worker.ts';
import type { WorkerJob, WorkerLog } from './worker.ts';

export type SchedulerParts = {
  readonly store: Store;
  /** How many builds run at once. */
  readonly slots: number;
  /** All that builds may take together; what the running ones take is counted here. */
  readonly capacity: () => Promise<Demand>;
  /** Throws what keeps this host from building; `met` is what an attempt has ended with, or what was in the way before. */
  readonly checkHost: (met: Fault | undefined) => Promise<void>;
  /** How long a build that has no room yet is passed by smaller ones, in milliseconds. */
  readonly reserveAfterMs: number;
  readonly run: RunBuild;
  readonly clock: Clock;
  readonly ids: Ids;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly log: WorkerLog;
  readonly leaseMs: number;
  /** Builds that an earlier daemon ran, and that were claimed again in their slots: they are run before any other. */
  readonly takenUp?: readonly { readonly claim: Claim; readonly slot: number }[];
};

export type Scheduler = AsyncDisposable & {
  readonly start: () => void;
  /** The queue has changed: look again. */
  readonly wake: () => void;
  /**
   * Claims nothing more, stops what runs with `draining` and waits until all of it is written back. Rejects with the
   * signal's reason when that takes too long; recovery then settles the rest at the next start. Gives how many builds run on:
   * those that `runsOn` is true of are not stopped, and the caller ends the process.
   */
  readonly drain: (signal: AbortSignal, runsOn?: (buildId: string) => boolean) => Promise<number>;
  readonly slots: () => readonly { readonly slot: number; readonly buildId: string | undefined }[];
  /** What the running and held builds may take together. */
  readonly committed: () => Demand;
  readonly isDraining: () => boolean;
  /** Why a build waits; undefined when it is not queued. */
  readonly waiting: (build: Build) => Promise<Waiting | undefined>;
  /** What keeps builds waiting until it is mended: the whole host, or those that take more than it has now. */
  readonly obstacles: () => Promise<Obstacles>;
};

export type Obstacles = {
  readonly trouble?: Fault;
  readonly tooLarge?: TooLarge & { readonly whole: Demand };
};

// A head of the queue that is due and does not fit waits for a build to end, or for the host to have more.
const lookAgainMs = 30_000;

const longestPauseMs = 30_000;

// How soon it is seen that the host was mended.
const troubleAgainMs = 5_000;

// Many clients ask why their build waits.
const freshMs = 1_000;

const disposeWithinMs = 25_000;

/** Tells the log once why the queue stands still beside free slots. */
const makeSuspectTeller = (store: Store, log: WorkerLog): (() => Promise<void>) => {
  let told: string | undefined;
  return async () => {
    const suspect = await store.suspect();
    const words = suspect && `${suspect.state} ${suspect.id}`;
    if (suspect && words !== told)
      log.warn(
        { build: suspect.id },
        suspect.state === 'runs'
          ? 'the daemon died while this build ran: it runs alone, and no other is started meanwhile'
          : 'the daemon died while this build ran: it waits until no other runs, and no other is started before it',
      );
    told = words;
  };
};

/** Tells the log once which build waits for a larger host. */
const makeTooLargeTeller = (store: Store, log: WorkerLog): ((whole: Demand) => Promise<void>) => {
  let told: string | undefined;
  return async (whole) => {
    const tooLarge = await store.tooLargeFor(whole);
    if (tooLarge && tooLarge.first.id !== told)
      log.warn(
        { build: tooLarge.first.id, demand: tooLarge.first.demand, whole, builds: tooLarge.builds },
        'a build takes more than this host has now, even with no other: it waits, and others pass it',
      );
    told = tooLarge?.first.id;
  };
};

/** Gives queued builds to free slots, in the queue's order, as far as the host has room. */
// One closure, though long: claiming, beating and draining are all about the same jobs.
export const makeScheduler = (parts: SchedulerParts): Scheduler => {
  const { store, clock, ids, log, leaseMs } = parts;
  const trouble = watchTrouble(parts.checkHost, log);
  const work = makeWorker({ ...parts, trouble });
  const tellSuspect = makeSuspectTeller(store, log);
  const tellTooLarge = makeTooLargeTeller(store, log);
  const jobs = new Map<number, WorkerJob & { readonly ended: Promise<void> }>();
  const places = Array.from({ length: parts.slots }, (_, slot) => slot);
  const closing = new AbortController();
  const givingUp = new AbortController();
  let woken = deferred<void>();
  let looping: Promise<void> = Promise.resolve();
  let draining: Promise<number> | undefined;

  const wake = (): void => woken.resolve();

  const launch = (claim: Claim, slot: number): void => {
    const job = { claim, slot, stop: new AbortController() };
    const ended = work(job, givingUp.signal).then(() => {
      jobs.delete(slot);
      wake();
    });
    jobs.set(slot, { ...job, ended });
  };

  const committed = (): Demand => sumOf([...jobs.values()].map(({ claim }) => claim.build.demand));
  const room = async (): Promise<Room> => {
    const whole = await parts.capacity();
    return { whole, left: roomLeft(whole, committed()), reserveAfterMs: parts.reserveAfterMs };
  };
  let seen: { readonly room: Promise<Room>; readonly at: number } | undefined;
  const recentRoom = (): Promise<Room> => {
    if (seen === undefined || clock.elapsed() - seen.at > freshMs) seen = { room: room(), at: clock.elapsed() };
    return seen.room;
  };

  /** Fills the free slots; gives the milliseconds after which to look again, unless it is woken before. */
  const fill = async (): Promise<number | undefined> => {
    // Every POST wakes it: nothing is asked of the host and the store for a build that could not be started.
    if (jobs.size === places.length && trouble.now() === undefined) return undefined;
    if ((await store.nextDue()) === undefined) return undefined;
    if ((await trouble.look()) !== undefined) return troubleAgainMs;
    for (const slot of places) {
      if (jobs.has(slot)) continue;
      if (closing.signal.aborted) return undefined;
      const claim = await store.claim({ token: ids.secret(), slot, room: await room(), leaseMs });
      if (!claim) {
        const due = await store.nextDue();
        if (due === undefined) return undefined;
        const now = clock.now();
        if (due > now) return due - now;
        await tellSuspect();
        await tellTooLarge((await room()).whole);
        // One that has no room must not keep another waiting whose pause is over.
        const later = await store.nextDue(now);
        return later === undefined ? lookAgainMs : Math.min(lookAgainMs, later - now);
      }
      launch(claim, slot);
    }
    return undefined;
  };

  const loop = async (): Promise<void> => {
    for (let failures = 0; !closing.signal.aborted;) {
      // Made before looking, so that nothing that happens meanwhile is missed.
      woken = deferred<void>();
      let pauseMs: number | undefined;
      try {
        pauseMs = await fill();
        failures = 0;
      } catch (error) {
        pauseMs = Math.min(longestPauseMs, 250 * 2 ** failures++);
        log.error({ err: error, pauseMs }, 'no build can be started now; looking again after a pause');
      }
      if (closing.signal.aborted) return;
      using pause = pauseMs === undefined ? undefined : clock.deadline(pauseMs, closing.signal, () => undefined);
      pause?.signal.addEventListener('abort', wake, { once: true });
      await woken.promise;
    }
  };

  const beat = (): void => {
    const tokens = [...jobs.values()].map(({ claim }) => claim.token);
    if (tokens.length === 0) return;
    store.heartbeat(tokens, leaseMs).then(
      (lost) => {
        for (const { claim, stop } of jobs.values())
          if (lost.includes(claim.token))
            stop.abort(new Fault('lease_lost', `Build ${claim.build.id} was given to another worker.`));
      },
      (error: unknown) => log.warn({ err: error }, 'the leases of the running builds could not be prolonged'),
    );
  };

  let beating: Disposable | undefined;
  const drainAll = async (signal: AbortSignal, runsOn: (buildId: string) => boolean): Promise<number> => {
    closing.abort();
    wake();
    const giveUp = () => givingUp.abort(signal.reason);
    signal.addEventListener('abort', giveUp, { once: true });
    const all = async () => {
      // A claim that is on its way becomes a job first, so that it is stopped and written back like the others.
      await looping;
      const tokens = [...jobs.values()].map(({ claim }) => claim.token);
      await store
        .stopping(tokens)
        .catch((error: unknown) => log.warn({ err: error }, 'the store did not hear of the stop'));
      const stopping = [...jobs.values()].filter(({ claim }) => !runsOn(claim.build.id));
      for (const { stop } of stopping) stop.abort(new Fault('draining', 'The daemon is stopping.'));
      await Promise.all(stopping.map(({ ended }) => ended));
      signal.removeEventListener('abort', giveUp);
      if (jobs.size === 0) beating?.[Symbol.dispose]();
      return jobs.size;
    };
    return await orAborted(all(), signal);
  };
  const drain: Scheduler['drain'] = (signal, runsOn = () => false) => (draining = drainAll(signal, runsOn));

  return {
    start: () => {
      for (const { claim, slot } of parts.takenUp ?? []) launch(claim, slot);
      beating = clock.every(Math.min(leaseMs / 3, aliveEveryMs), beat);
      looping = loop();
    },
    wake,
    drain,
    slots: () => places.map((slot) => ({ slot, buildId: jobs.get(slot)?.claim.build.id })),
    committed,
    isDraining: () => closing.signal.aborted,
    waiting: async (build) => {
      const host = { room: await recentRoom(), hasFreeSlot: jobs.size < parts.slots, trouble: trouble.now() };
      const place = await store.placeInQueue(build.id, host.room);
      return place && whyWaiting(build, place, host, clock.now());
    },
    obstacles: async () => {
      const { whole } = await recentRoom();
      // While the queue is empty nothing else looks whether it was mended.
      const found = trouble.now() === undefined ? undefined : await trouble.look();
      const tooLarge = await store.tooLargeFor(whole);
      return { ...(found ? { trouble: found } : {}), ...(tooLarge ? { tooLarge: { ...tooLarge, whole } } : {}) };
    },
    [Symbol.asyncDispose]: async () => {
      // The caller of `drain` has heard how that went.
      if (draining) return void (await Promise.allSettled([draining]));
      using limit = clock.deadline(
        disposeWithinMs,
        new AbortController().signal,
        () => new Fault('draining', `The running builds did not stop within ${disposeWithinMs} ms.`),
      );
      await drain(limit.signal);
    },
  };
};
