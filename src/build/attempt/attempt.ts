import { makeActivity, type Activity } from '../../base/activity/activity.ts';
import type { WriteEvent } from '../../base/records/build-events.ts';
import type { Clock } from '../../base/clock.ts';
import { cleanupStack, type CleanupStack } from '../../base/cleanup.ts';
import { asFault, Fault } from '../../base/fault.ts';
import type { Growth } from '../../base/growth.ts';
import type { Claim } from '../../queue/records.ts';
import type { Store } from '../../queue/store.ts';
import { maskOf } from '../../base/mask/mask.ts';
import { visibleInJson } from '../../base/text/visible.ts';
import type { Spec } from '../../template/spec.ts';
import { inputOf } from './build-facts.ts';
import { doingNow } from '../machine/doing.ts';
import { explained } from '../machine/explain.ts';
import type { Folders } from '../folders/folders.ts';
import { countGuestEvents } from '../machine/guest-events.ts';
import { makeKnownDigests, type KnownDigests } from '../known-digests.ts';
import { openLog, type AttemptLog } from './log.ts';
import { makePast, type Past } from './past.ts';
import { changedData, eventLine } from './record.ts';
import type { Running } from '../machine/running.ts';
import { pastIn, type Journal } from '../take-up/journal.ts';
import { boundOf, type TextLimits } from './text-limits.ts';

/** One try at a build: where its steps write, how long it may take, and what has to be let go. */
export type Attempt = {
  readonly claim: Claim;
  /** Aborts when the build's time is over, when it is stopped from outside, when its guest floods, or when its texts cannot be written. */
  readonly signal: AbortSignal;
  readonly cleanup: CleanupStack;
  readonly event: WriteEvent;
  /** A line of imaged's own. */
  readonly log: (line: string) => void;
  /** Lines that the guest can cause in any number: more of them waits for what this gives. */
  readonly said: AttemptLog['said'];
  /** Resolves when there is room for more of what a guest causes, in the log and among the events. Never rejects. */
  readonly room: () => Promise<void>;
  /** What the build is doing; a work that may take long says so there. */
  readonly activity: Activity;
  readonly past: Past;
  /** Resolves to how long the log is, when all of that is on file. */
  readonly logMark: AttemptLog['mark'];
  readonly knownDigests: KnownDigests;
  /** The same, and what it saw last, as the end of a sentence. */
  readonly doing: () => string;
  /** The fault as it is kept: with the last lines of the console, and without secrets in its words and facts. */
  readonly finished: (fault: Fault) => Fault;
  /** Resolves when all events are in the store. */
  readonly settled: () => Promise<void>;
  /** The same attempt with its time anew: for what is left of it once its build was held. */
  readonly renewed: () => Attempt;
  readonly attend: (running: Running) => Running;
  /** The machine that was started last. */
  readonly attended: () => Running | undefined;
};

export type AttemptParts = {
  readonly store: Store;
  readonly folders: Folders;
  readonly growth: Growth;
  readonly clock: Clock;
  readonly texts: TextLimits;
};

const timeLimit = (clock: Clock, timeoutMs: number, doing: () => string, signal: AbortSignal) =>
  clock.deadline(timeoutMs, signal, () => {
    const expected = `the end of the build within ${timeoutMs / 1000} s`;
    return new Fault('build_timeout', `The build took longer than its ${timeoutMs / 1000} s${doing()}.`, { expected });
  });

/** Milliseconds that the build may still take. */
const leftOf = (timeoutMs: number, before: Journal | undefined, clock: Clock): number =>
  before === undefined ? timeoutMs : Math.max(0, timeoutMs - (clock.now() - before.startedAt));

/** `before`: what an earlier daemon has written down of it. */
// One closure, though long: all of it is where one attempt writes.
export const beginAttempt = async (
  claim: Claim,
  spec: Spec,
  { store, folders, growth, clock, texts }: AttemptParts,
  signal: AbortSignal,
  before?: Journal,
): Promise<Attempt> => {
  const { id, timeoutMs, version } = claim.build;
  const broken = new AbortController();
  const fail = (error: unknown) => broken.abort(asFault(error));
  const mask = maskOf(spec.secrets);
  const shown = (text: string) => visibleInJson(mask(text));
  const cleanup = cleanupStack();
  const bound = boundOf(texts.logMb, texts);
  const file = cleanup.keep(
    await openLog(folders.log(id), { clock, growth, bound, mask, failed: fail, from: before?.script && before.log }),
  );
  const guest = countGuestEvents(texts, version);
  const events = cleanup.keep(eventLine(store, { id, token: claim.token }, guest, fail));
  const activity = makeActivity();
  const past = makePast(before && pastIn(before));
  const event: WriteEvent = (type, data) => {
    const input = inputOf(type, data);
    if (input !== undefined) past.inputTaken(input);
    events.append(type, changedData(data, shown));
  };
  let attended: Running | undefined;
  const doing = () => doingNow(activity, attended);
  let leftMs = leftOf(timeoutMs, before, clock);
  const limited = () => cleanup.keep(timeLimit(clock, leftMs, doing, AbortSignal.any([signal, broken.signal])));
  const renewed = (): Attempt => {
    leftMs = timeoutMs;
    return { ...all, signal: limited().signal, renewed };
  };
  const all: Omit<Attempt, 'signal' | 'renewed'> = {
    claim,
    cleanup,
    event,
    log: file.write,
    said: file.said,
    room: async () => {
      await Promise.all([events.room(), file.room()]);
    },
    ...{ activity, past },
    logMark: file.mark,
    knownDigests: makeKnownDigests(),
    doing,
    finished: (fault) => {
      const { code, message, facts, cause } = explained(fault, attended);
      return new Fault(code, shown(message), changedData(facts, shown), { cause });
    },
    settled: events.settled,
    attend: (running) => {
      attended = running;
      running.console.failed.catch(fail);
      return cleanup.keep(running);
    },
    attended: () => attended,
  };
  return renewed();
};
