import type { Phase } from '../base/records/phase.ts';
import type { PlannedStep } from '../queue/asked.ts';
import type { StepTools } from './attempt/tools.ts';

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
  /** How a daemon that was started meanwhile goes on. */
  readonly takeUp?: {
    /** Gives again what the step gave that had ended. Default: that is data, and was written down. */
    readonly ended?: (needs: Needs, tools: StepTools) => Promise<Gives>;
    /** What of that is data, and is written down for `ended`. Default: nothing of it. */
    readonly writes?: (gives: Gives) => Readonly<Record<string, unknown>>;
    /** Goes on with the step that was cut short. Default: it cannot be gone on with, and the build begins anew. */
    readonly cutShort?: (needs: Needs, tools: StepTools) => Promise<Gives>;
  };
};

/** Runs one step: the runner's part, which knows time, events and faults. */
export type Perform = <Needs, Gives>(step: Step<Needs, Gives>, needs: Needs) => Promise<Gives>;

/** How one of several plans ended: the facts that it had by then, and, where it came no further, why. */
export type PlanEnd<Has> = { readonly has: Has; readonly error?: unknown };

/**
 * A list of steps that were proven, by the compiler, to find what they need: `then` takes only a step whose needs
 * are among the facts that are there by then.
 */
export type Plan<Given, Has> = {
  readonly steps: readonly PlannedStep[];
  /** The names of the steps that no daemon goes on with in the middle. */
  readonly cannotGoOn: readonly string[];
  readonly then: <Gives extends object>(step: Step<Has, Gives>) => Plan<Given, Has & Gives>;
  /**
   * Runs plans side by side, each from the facts that are there by then. None ends another: `join` hears how each of them
   * ended, in their order, and makes facts of it or throws.
   */
  readonly beside: <Gives extends object>(
    plans: readonly Plan<Has, Has>[],
    join: (ends: readonly PlanEnd<Has>[], has: Has) => Promise<Gives>,
  ) => Plan<Given, Has & Gives>;
  readonly run: (given: Given, perform: Perform) => Promise<Has>;
};

const planned = <Needs, Gives>({ name, phase, timeoutMs, about }: Step<Needs, Gives>): PlannedStep => ({
  name,
  phase,
  timeoutMs,
  ...(about === undefined ? {} : { about }),
});

/** The steps of plans that run side by side: each says which of them it is in. One alone needs no number. */
const plannedBeside = <Has>(plans: readonly Plan<Has, Has>[]): readonly PlannedStep[] =>
  plans.flatMap(({ steps }, at) => (plans.length === 1 ? steps : steps.map((step) => ({ ...step, sequence: at + 1 }))));

const endOf = async <Has extends object>(plan: Plan<Has, Has>, given: Has, perform: Perform): Promise<PlanEnd<Has>> => {
  let has = given;
  try {
    await plan.run(given, async (step, needs) => {
      const gives = await perform(step, needs);
      has = { ...has, ...gives };
      return gives;
    });
    return { has };
  } catch (error) {
    return { has, error };
  }
};

const extend = <Given, Has extends object>(
  { steps, cannotGoOn }: Pick<Plan<Given, Has>, 'steps' | 'cannotGoOn'>,
  run: (given: Given, perform: Perform) => Promise<Has>,
): Plan<Given, Has> => ({
  ...{ steps, cannotGoOn, run },
  then: <Gives extends object>(step: Step<Has, Gives>) =>
    extend<Given, Has & Gives>(
      {
        steps: [...steps, planned(step)],
        cannotGoOn: step.takeUp?.cutShort === undefined ? [...cannotGoOn, step.name] : cannotGoOn,
      },
      async (given, perform) => {
        const has = await run(given, perform);
        return { ...has, ...(await perform(step, has)) };
      },
    ),
  beside: <Gives extends object>(
    plans: readonly Plan<Has, Has>[],
    join: (ends: readonly PlanEnd<Has>[], has: Has) => Promise<Gives>,
  ) =>
    extend<Given, Has & Gives>(
      {
        steps: [...steps, ...plannedBeside(plans)],
        cannotGoOn: [...cannotGoOn, ...plans.flatMap((plan) => plan.cannotGoOn)],
      },
      async (given, perform) => {
        const has = await run(given, perform);
        const ends = await Promise.all(plans.map((plan) => endOf(plan, has, perform)));
        return { ...has, ...(await join(ends, has)) };
      },
    ),
});

/** A plan without steps: the facts it begins with are all that it has. */
export const planFrom = <Given extends object>(): Plan<Given, Given> =>
  extend({ steps: [], cannotGoOn: [] }, async (given) => given);
