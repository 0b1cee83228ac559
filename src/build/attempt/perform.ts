import { asFault, Fault, faultOf, faults, inStep, recordOf } from '../../base/fault.ts';
import type { Clock } from '../../base/clock.ts';
import type { Growth } from '../../base/growth.ts';
import type { Mirror } from '../../httpd/mirror/types.ts';
import type { Ids } from '../../base/ids.ts';
import type { Store } from '../../queue/store.ts';
import type { SharedListener } from '../../httpd/endpoint/shared-listener.ts';
import type { HostMeans } from '../../post-processors/host-means.ts';
import type { Hypervisor } from '../../vmm/types.ts';
import type { Attempt } from './attempt.ts';
import type { Folders } from '../folders/folders.ts';
import { behindFolders } from '../folders/own-folders.ts';
import type { Breakpoints } from '../hold/breakpoints.ts';
import type { Perform, Step } from '../plan.ts';
import { behind, withDisplay, withSilence, type Running } from '../machine/running.ts';
import { makeWorkspace } from '../steps/make-workspace.ts';
import type { Supply } from '../files/supply.ts';
import { giveAgain, goOnWith } from '../take-up/go-on.ts';
import { begunAnew, mayComeOfIt } from '../take-up/missed.ts';
import type { OwnPlace } from '../take-up/place.ts';
import type { TextLimits } from './text-limits.ts';
import type { StepTools } from './tools.ts';

export type PerformParts = {
  readonly store: Store;
  readonly folders: Folders;
  readonly hypervisor: Hypervisor;
  readonly sharedListener: SharedListener | undefined;
  readonly mirror: Mirror | undefined;
  readonly supply: Pick<Supply, 'take'>;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly growth: Growth;
  readonly texts: TextLimits;
  readonly breakpoints: Pick<Breakpoints, 'wait'>;
  readonly ansiblePlaybook: string;
  readonly hostMeans: () => HostMeans;
  /** Told of each step that ended, by its name or, where a template chose that, its type: `succeeded`, or the class of its fault. */
  readonly stepEnded: (step: string, end: string, seconds: number) => void;
};

const tooLong = <N, G>({ name, timeoutMs }: Step<N, G>, doing: string): Fault =>
  new Fault('step_timeout', `The step ${name} took longer than its ${timeoutMs / 1000} s${doing}.`, {
    expected: `the end of ${name} within ${timeoutMs / 1000} s`,
  });

/** The fault of a step with what its machine shows of it, and whose doing it was. */
const ownFault = (first: Fault, running: Running | undefined, { displays }: Pick<Hypervisor, 'displays'>): Fault =>
  behind(withSilence(withDisplay(first, running), running, displays), running);

const aboutOf = <N, G>({ about }: Step<N, G>): string => (about === undefined ? '' : `: ${about}`);

/** Throws what the step had failed with before the daemon ended: it is not run again in the same guest. */
const throwIfFailed = <N, G>({ name }: Step<N, G>, place: OwnPlace, log: Attempt['log']): void => {
  const failed = place.failedWith(name);
  if (failed === undefined) return;
  log(`${name} had failed before the daemon ended, and is not run again: ${failed.message}`);
  throw faultOf(failed);
};

/** The folders of a build that are there while a step runs: the first step makes them. */
const ofBuild = (folders: Folders, slot: number | undefined, step: string): readonly string[] =>
  slot === undefined || step === makeWorkspace.name ? [] : [folders.work(slot), folders.machine(slot)];

/** What each step is given, with its own signal. */
const toolsOf = (
  { cleanup, event, log, said, room, attend, activity, past, knownDigests }: Attempt,
  { store, folders, stepEnded, ...others }: PerformParts,
  place: OwnPlace,
): ((signal: AbortSignal) => StepTools) => {
  const ofAttempt = { attend, event, log, said, room, activity, past, knownDigests };
  return (signal) => ({ signal, keep: cleanup.keep, ...others, ...ofAttempt, place });
};

/** Performs the steps of one attempt: each with its deadline, its rows in the store, its lines in the log. */
export const performerOf = (attempt: Attempt, parts: PerformParts, place: OwnPlace): Perform => {
  const { store, folders, hypervisor, clock, stepEnded } = parts;
  const { claim, log, settled, past } = attempt;
  const toolsWith = toolsOf(attempt, parts, place);
  const { id, slot } = claim.build;
  const tellFinished = (error: unknown): never => {
    throw attempt.finished(asFault(error));
  };
  return async (step, needs) => {
    if (attempt.signal.aborted) tellFinished(attempt.signal.reason);
    if (place.hadEnded(step.name))
      return giveAgain(step, needs, place, { clock, tools: toolsWith, signal: attempt.signal });
    throwIfFailed(step, place, log);
    await settled();
    using _ = await place.enter(step, attempt.signal).catch(tellFinished);
    const mayShowMissed = place.mayShowMissed(step);
    const cutShort = place.cutShort(step.name);
    const seq = cutShort ?? (await store.beginStep(id, claim.token, { name: step.name, phase: step.phase }));
    const run = cutShort === undefined ? step.run : goOnWith(step);
    log(`${step.name} ${cutShort === undefined ? 'begins' : 'goes on'}${aboutOf(step)}`);
    const [began, startedAt] = [clock.elapsed(), clock.now()];
    const seconds = () => (clock.elapsed() - began) / 1000;
    using deadline = clock.deadline(step.timeoutMs, attempt.signal, () => tooLong(step, attempt.doing()));
    const { signal } = deadline;
    try {
      const gives = await run(needs, toolsWith(signal));
      signal.throwIfAborted();
      await settled();
      const times = { startedAt, endedAt: clock.now() };
      await place.ended(step, times, gives);
      await store.endStep(id, claim.token, seq);
      past.stepEnded({ name: step.name, ...times, ...(step.type === undefined ? {} : { type: step.type }) });
      log(`${step.name} is done after ${seconds().toFixed(2)} s`);
      stepEnded(step.type ?? step.name, 'succeeded', seconds());
      return gives;
    } catch (error) {
      // The first reason wins: what a step throws because it was aborted is not the cause.
      const first = asFault(signal.aborted ? signal.reason : error);
      const own = ownFault(first, attempt.attended(), hypervisor);
      // What ended the build itself, such as its client, is the cause whatever its guest missed.
      const told = mayShowMissed && !attempt.signal.aborted && mayComeOfIt(own.code, step) ? begunAnew(own) : own;
      const inFolders = await behindFolders(told, folders.own, ofBuild(folders, slot, step.name));
      const fault = attempt.finished(inStep(inFolders, step.name));
      stepEnded(step.type ?? step.name, faults[fault.code].class, seconds());
      log(`${step.name} failed after ${seconds().toFixed(2)} s: ${fault.message}`);
      await settled();
      // A worker that lost its claim has no right to say how the step ended. A store that cannot be written must not
      // hide why it did.
      if (fault.code !== 'lease_lost')
        await store.endStep(id, claim.token, seq, recordOf(fault)).catch((unwritten: unknown) => {
          if (asFault(unwritten).code === 'lease_lost') throw unwritten;
          log(`the end of ${step.name} could not be written: ${asFault(unwritten).message}`);
        });
      throw fault;
    }
  };
};
