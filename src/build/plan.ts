import type { Phase } from '../base/records/phase.ts';
import type { PlannedStep } from '../queue/asked.ts';
import type { StepTools } from './tools.ts';

/** One part of a build: one thing to do, what it needs, what it gives. Facts only grow; nothing flows back. */
export type Step<Needs, Gives> = {
  readonly name: string;
  readonly phase: Phase;
  readonly timeoutMs: number;
  /** What kind of step it is, where the template chose its name. */
  readonly type?: string;
  /** For people who read the plan. */
  readonly about?: string;
  readonly run: (needs: Needs, tools: StepTools) => Promise<Gives>;
};

/** Runs one step: the runner's part, which knows time, events and faults. */
export type Perform = <Needs, Gives>(step: Step<Needs, Gives>, needs: Needs) => Promise<Gives>;

/**
 * A list of steps that were proven, by the compiler, to find what they need: `then` takes only a step whose needs
 * are among the facts that are there by then.
 */
export type Plan<Given, Has> = {
  readonly steps: readonly PlannedStep[];
  readonly then: <Gives extends object>(step: Step<Has, Gives>) => Plan<Given, Has & Gives>;
  readonly run: (given: Given, perform: Perform) => Promise<Has>;
};

const planned = <Needs, Gives>({ name, phase, timeoutMs, about }: Step<Needs, Gives>): PlannedStep => ({
  name,
  phase,
  timeoutMs,
  ...(about === undefined ? {} : { about }),
});

const extend = <Given, Has extends object>(
  steps: readonly PlannedStep[],
  run: (given: Given, perform: Perform) => Promise<Has>,
): Plan<Given, Has> => ({
  steps,
  run,
  then: <Gives extends object>(step: Step<Has, Gives>) =>
    extend<Given, Has & Gives>([...steps, planned(step)], async (given, perform) => {
      const has = await run(given, perform);
      return { ...has, ...(await perform(step, has)) };
    }),
});

/** A plan without steps: the facts it begins with are all that it has. */
export const planFrom = <Given extends object>(): Plan<Given, Given> => extend([], async (given) => given);
