import type { Clock } from '../base/clock.ts';
import type { Progress } from '../base/records/progress.ts';
import type { Build } from './records.ts';
import type { Demand } from './asked.ts';
import { forecastEnds, type Busy } from './rules/forecast.ts';
import { expectedOf, progressOf, type BegunStep, type ExpectedStep } from './rules/progress.ts';
import type { Store } from './store.ts';

export type ProgressParts = {
  readonly store: Pick<Store, 'list' | 'plan' | 'queueAhead' | 'recentTimes' | 'steps'>;
  readonly clock: Pick<Clock, 'now' | 'elapsed'>;
  /** What this host has for builds. */
  readonly slots: () => number;
  readonly whole: () => Promise<Demand>;
  /** The steps of a build, by name, that are not to be run: they count as nothing. */
  readonly nothing: (build: Build) => ReadonlySet<string>;
};

/** How far builds are: of those that run or are queued, by id. */
export type ProgressOf = (builds: readonly Build[]) => Promise<ReadonlyMap<string, Progress>>;

/** What is remembered of an attempt. */
type Attempt = {
  readonly number: number;
  readonly expected: readonly ExpectedStep[];
  /** The version of the build that the steps are of. */
  version: number;
  begun: readonly BegunStep[];
  /** The largest fraction that was told. */
  most: number;
};

// Of the queue, that much is looked at: what stands behind it has no end that is known.
const queueSeen = 1000;

// The queue as it was so long ago will do: many clients ask.
const freshMs = 1000;

const mostRemembered = 2000;

/** Remembers a value, in place of the one that was remembered longest where there are very many. */
const remember = <Value>(all: Map<string, Value>, id: string, value: Value): Value => {
  const [oldest] = all.size >= mostRemembered && !all.has(id) ? all.keys() : [];
  if (oldest !== undefined) all.delete(oldest);
  all.set(id, value);
  return value;
};

/** How far the builds are that run. What a build did is read when it has changed, what earlier ones took once an attempt. */
const makeRunning = ({ store, clock, nothing }: ProgressParts) => {
  const attempts = new Map<string, Attempt>();

  const stepsOf = async ({ id, attempt }: Build): Promise<readonly BegunStep[]> =>
    (await store.steps(id)).filter((step) => step.attempt === attempt);

  const begin = async (build: Build, begun: readonly BegunStep[]): Promise<Attempt> => {
    // Of what had ended by then: after a restart of the daemon the shares are the same, and the fraction goes on.
    const { steps } = await store.recentTimes(build, begun[0]?.startedAt ?? clock.now());
    const took = new Map(steps.map(({ name, p50Ms }) => [name, p50Ms]));
    const expected = expectedOf((await store.plan(build.id)) ?? [], took, nothing(build));
    return { number: build.attempt, expected, version: build.version, begun, most: 0 };
  };

  const attemptOf = async (build: Build): Promise<Attempt> => {
    const known = attempts.get(build.id);
    if (known?.number === build.attempt && known.version >= build.version) return known;
    const begun = await stepsOf(build);
    const attempt = known?.number === build.attempt ? known : remember(attempts, build.id, await begin(build, begun));
    attempt.version = build.version;
    attempt.begun = begun;
    return attempt;
  };

  return async (build: Build): Promise<Progress> => {
    const attempt = await attemptOf(build);
    const progress = progressOf(attempt.expected, attempt.begun, clock.now());
    attempt.most = Math.max(attempt.most, progress.fraction);
    return { ...progress, fraction: attempt.most };
  };
};

/** When the builds end that are queued: worked out for all of them at once, and kept for a moment. */
const makeQueued = (parts: ProgressParts, running: (build: Build) => Promise<Progress>) => {
  const { store, clock } = parts;
  const counts = new Map<string, number>();

  const busy = async (): Promise<readonly Busy[]> => {
    const { items } = await store.list({ statuses: ['running', 'held'] }, { limit: queueSeen });
    return Promise.all(
      items.map(async (build) => {
        const leftMs = build.status === 'running' ? (await running(build)).leftMs : undefined;
        const endsAt = build.status === 'held' ? build.hold?.until : leftMs && clock.now() + leftMs;
        return { demand: build.demand, ...(endsAt === undefined ? {} : { endsAt }) };
      }),
    );
  };

  const endsNow = async (): Promise<ReadonlyMap<string, number>> => {
    const queue = await store.queueAhead(queueSeen);
    const ahead = await Promise.all(
      queue.map(async (build) => {
        const tookMs = (await store.recentTimes(build)).whole?.p50Ms;
        return { ...build, ...(tookMs === undefined ? {} : { tookMs }) };
      }),
    );
    return forecastEnds(ahead, await busy(), { slots: parts.slots(), whole: await parts.whole() }, clock.now());
  };

  let seen: { readonly ends: Promise<ReadonlyMap<string, number>>; readonly at: number } | undefined;
  const ends = (): Promise<ReadonlyMap<string, number>> => {
    if (seen === undefined || clock.elapsed() - seen.at > freshMs) seen = { ends: endsNow(), at: clock.elapsed() };
    return seen.ends;
  };

  return async ({ id }: Build): Promise<Progress> => {
    const endsAt = (await ends()).get(id);
    const steps = counts.get(id) ?? remember(counts, id, (await store.plan(id))?.length ?? 0);
    return {
      step: 0,
      steps,
      fraction: 0,
      ...(endsAt === undefined ? {} : { leftMs: Math.max(0, endsAt - clock.now()) }),
    };
  };
};

/** Tells how far builds are that run, and when those end that are queued. */
export const makeProgress = (parts: ProgressParts): ProgressOf => {
  const running = makeRunning(parts);
  const queued = makeQueued(parts, running);
  return async (builds) => {
    const told = new Map<string, Progress>();
    for (const build of builds) {
      if (build.status === 'running') told.set(build.id, await running(build));
      if (build.status === 'queued') told.set(build.id, await queued(build));
    }
    return told;
  };
};
