import { Fault } from '../../base/fault.ts';
import type { FaultRecord } from '../../base/records/fault-record.ts';
import type { ConsolePlace } from '../../vmm/console/place.ts';
import type { KeptScripts } from '../../guest/outliving/place.ts';
import type { Past } from '../attempt/past.ts';
import type { Step } from '../plan.ts';
import type { Journal, JournalFile, Restarting } from './journal.ts';
import type { LetRun } from './let-run.ts';
import { showsLater } from './missed.ts';
import { hasMachine } from './rules.ts';

/** How far a build has come: what steps ask who go on where an earlier daemon was, and where they write it down. */
export type JournalPlace = {
  /** Whether an earlier daemon has come so far that the step of this name had ended, or had begun. */
  readonly hadEnded: (name: string) => boolean;
  readonly hadBegun: (name: string) => boolean;
  /** How far the earlier daemon had come with the console of the machine that it started last. */
  readonly console: () => ConsolePlace | undefined;
  readonly keepConsole: (place: ConsolePlace) => Promise<void>;
  readonly scripts: KeptScripts;
  /** Whether an earlier daemon was in the middle of a script that outlives it. */
  readonly hasScript: () => boolean;
  /** What was written down of the results of a step that had ended. */
  readonly given: (name: string) => Readonly<Record<string, unknown>>;
  /** How far an earlier daemon had come with starting the guest anew. */
  readonly restarting: () => Restarting | undefined;
  readonly keepRestarting: (restarting: Restarting) => Promise<void>;
  /** The step that has started the guest anew last, or was about to, with its disks at rest; undefined: none has. */
  readonly startedAnew: () => string | undefined;
};

/** What the runner does with it. */
export type OwnPlace = JournalPlace & {
  /** Told of each step that this daemon performs: whether what the guest missed while none was there may show in it. */
  readonly mayShowMissed: (step: Pick<Step<never, unknown>, 'name' | 'phase'>) => boolean;
  /** See `LetRun.enter`. */
  readonly enter: <Needs, Gives>(step: Pick<Step<Needs, Gives>, 'takeUp'>, signal: AbortSignal) => Promise<Disposable>;
  /** The number of the step's row, where it had begun and not ended. */
  readonly cutShort: (name: string) => number | undefined;
  /** What the step had failed with, where the earlier daemon ended before the attempt did. Told once: a client may have it run again. */
  readonly failedWith: (name: string) => FaultRecord | undefined;
  readonly ended: <Gives>(
    step: Step<never, Gives>,
    times: { startedAt: number; endedAt: number },
    gives: Gives,
  ) => Promise<void>;
  /** From now on no daemon goes on with the build when this one ends. */
  readonly forget: () => Promise<void>;
};

/** A row of a step that has begun and not ended. */
export type OpenStep = { readonly seq: number; readonly name: string };

/** A step that has failed, by its last row. */
export type FailedStep = { readonly name: string; readonly fault: FaultRecord };

// What comes after the machine begins anew: it can be done again, and files of its own are all that it leaves.
const isKept = ({ phase }: Pick<Step<never, unknown>, 'phase'>): boolean =>
  phase !== 'packaging' && phase !== 'publishing';

const writable = <Gives>({ takeUp }: Step<never, Gives>, gives: Gives): Pick<Journal['ended'][number], 'gives'> => {
  if (takeUp?.writes !== undefined) return { gives: takeUp.writes(gives) };
  // What a step gives is an object of facts; those that are no data have a step that gives them again.
  return takeUp?.ended === undefined ? { gives: gives as Readonly<Record<string, unknown>> } : {};
};

type Parts = {
  /** The names of the steps for which the build has begun anew once, as its guest may have missed something. */
  readonly begunAnew: ReadonlySet<string>;
  readonly open: readonly OpenStep[];
  readonly failed: readonly FailedStep[];
  readonly past: Pick<Past, 'inputs'>;
  readonly letRun: LetRun;
  /** How long the log is on file. */
  readonly logMark: () => Promise<number>;
};

/** See `Place.startedAnew`. */
const startedAnewIn = ({ ended, restarting }: Journal): string | undefined =>
  restarting?.rested === undefined
    ? ended.findLast(({ gives }) => gives?.['startedAnew'] === true)?.name
    : restarting.step;

/** See `OwnPlace.mayShowMissed`. */
const stepsThatShow = (
  { missed = false }: Pick<Journal, 'missed'>,
  begunAnew: ReadonlySet<string>,
): OwnPlace['mayShowMissed'] => {
  let shows = missed;
  return (step) => {
    const mayShow = shows && !begunAnew.has(step.name);
    shows &&= showsLater(step);
    return mayShow;
  };
};

/** See `OwnPlace.failedWith`. */
const toldOnce = (failed: readonly FailedStep[]): OwnPlace['failedWith'] => {
  const faults = new Map(failed.map(({ name, fault }) => [name, fault]));
  return (name) => {
    const fault = faults.get(name);
    faults.delete(name);
    return fault;
  };
};

/** `before` and `open` are what an earlier daemon has left; undefined and none: the attempt begins. */
export const makePlace = (
  first: Journal,
  file: JournalFile,
  { begunAnew, open, failed, past, letRun, logMark }: Parts,
): OwnPlace => {
  let journal = first;
  let isForgotten = false;
  let { script } = first;
  const before = new Map(first.ended.map((step) => [step.name, step]));
  const left = new Map(open.filter(({ name }) => !before.has(name)).map(({ name, seq }) => [name, seq]));
  const write = async (change: Partial<Journal>) => {
    journal = { ...journal, ...change, inputs: [...past.inputs()] };
    // The first step makes the folder.
    if (journal.ended.length === 0 || isForgotten) return;
    await file.write(journal);
    if (hasMachine(journal)) letRun.add(journal.build);
  };
  return {
    hadEnded: (name) => before.has(name),
    hadBegun: (name) => before.has(name) || left.has(name),
    console: () => first.console,
    keepConsole: (console) => write({ console }),
    hasScript: () => script !== undefined,
    scripts: {
      from: () => {
        const from = script;
        script = undefined;
        return from;
      },
      keep: async (place) => write({ script: place, log: await logMark() }),
    },
    given: (name) => {
      const gives = before.get(name)?.gives;
      if (gives === undefined) throw new Fault('not_taken_up', `What the step ${name} gave is not known any more.`);
      return gives;
    },
    restarting: () => first.restarting,
    keepRestarting: (restarting) => write({ restarting }),
    startedAnew: () => startedAnewIn(first),
    mayShowMissed: stepsThatShow(first, begunAnew),
    enter: ({ takeUp }, signal) => letRun.enter(takeUp?.cutShort === undefined, signal),
    cutShort: (name) => {
      const seq = left.get(name);
      left.delete(name);
      return seq;
    },
    failedWith: toldOnce(failed),
    ended: async (step, times, gives) => {
      if (!isKept(step)) return;
      const { name, type } = step;
      const one = { name, ...times, ...(type === undefined ? {} : { type }), ...writable(step, gives) };
      await write({ ended: [...journal.ended, one], restarting: undefined });
    },
    forget: async () => {
      isForgotten = true;
      letRun.remove(journal.build);
      await file.remove();
    },
  };
};
