import type { Clock } from '../../base/clock.ts';
import { asFault, Fault } from '../../base/fault.ts';
import type { Step } from '../plan.ts';
import type { StepTools } from '../attempt/tools.ts';
import type { OwnPlace } from './place.ts';

type Parts = {
  readonly clock: Clock;
  readonly tools: (signal: AbortSignal) => StepTools;
  readonly signal: AbortSignal;
};

/**
 * What a step gives that an earlier daemon has seen to its end. Throws `not_taken_up`: whatever is in the way of that says
 * nothing of the build, which begins anew.
 */
export const giveAgain = async <Needs, Gives>(
  { name, takeUp, timeoutMs }: Step<Needs, Gives>,
  needs: Needs,
  place: Pick<OwnPlace, 'given'>,
  { clock, tools, signal }: Parts,
): Promise<Gives> => {
  // It was written down as what this step gave.
  if (takeUp?.ended === undefined) return place.given(name) as Gives;
  const tooLong = () => new Fault('step_timeout', `it took longer than its ${timeoutMs / 1000} s`);
  using deadline = clock.deadline(timeoutMs, signal, tooLong);
  try {
    return await takeUp.ended(needs, tools(deadline.signal));
  } catch (error) {
    signal.throwIfAborted();
    const { message, facts } = asFault(deadline.signal.aborted ? deadline.signal.reason : error);
    throw new Fault('not_taken_up', `What the step ${name} gave could not be had again: ${message}`, facts, {
      cause: error,
    });
  }
};

/** The end of a build whose step of this name was cut short where it cannot go on. */
export const cannotGoOn = (name: string): Fault =>
  new Fault('not_taken_up', `The step ${name} was cut short when the daemon ended, and cannot go on in the middle.`, {
    step: name,
  });

/** How a step goes on that an earlier daemon had begun. */
export const goOnWith = <Needs, Gives>({ name, takeUp }: Step<Needs, Gives>): Step<Needs, Gives>['run'] =>
  takeUp?.cutShort ??
  (() => {
    throw cannotGoOn(name);
  });
