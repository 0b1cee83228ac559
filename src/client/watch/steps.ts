import type { Event, PlannedStep } from '../api/types.ts';

/**
 *     waiting ──▶ running ──▶ done | failed
 *        └── a later step begins, or the build succeeds ──▶ skipped
 *
 * Another attempt begins with all of them waiting.
 */
export type ShownStep = {
  readonly name: string;
  readonly about?: string;
  readonly state: 'waiting' | 'running' | 'done' | 'failed' | 'skipped';
  /** In RFC 3339. */
  readonly startedAt?: string;
  readonly endedAt?: string;
};

/** The steps of a plan, before any of them has begun. */
export const plannedSteps = (plan: readonly PlannedStep[]): readonly ShownStep[] =>
  plan.map(({ name, about }) => ({ name, ...(about === undefined ? {} : { about }), state: 'waiting' }));

const waiting = ({ name, about }: ShownStep): ShownStep => ({ name, ...(about === undefined ? {} : { about }), state: 'waiting' }); // prettier-ignore

const started = (steps: readonly ShownStep[], name: string, startedAt: string): readonly ShownStep[] => {
  const at = steps.findIndex((step) => step.name === name && step.state === 'waiting');
  // What is no step of the plan, as what is taken from a layer, is shown all the same, behind what has begun before it.
  if (at === -1) {
    const begun = steps.findLastIndex(({ state }) => state !== 'waiting') + 1;
    return [...steps.slice(0, begun), { name, state: 'running', startedAt }, ...steps.slice(begun)];
  }
  return steps.map((step, index) => {
    if (index === at) return { ...step, state: 'running', startedAt };
    return index < at && step.state === 'waiting' ? { ...step, state: 'skipped' } : step;
  });
};

const ended = (steps: readonly ShownStep[], name: string, endedAt: string, isGood: boolean): readonly ShownStep[] => {
  const at = steps.findIndex((step) => step.name === name && step.state === 'running');
  return steps.map((step, index) => (index === at ? { ...step, state: isGood ? 'done' : 'failed', endedAt } : step));
};

/** The steps after an event of their build. */
export const stepsAfter = (steps: readonly ShownStep[], event: Event): readonly ShownStep[] => {
  switch (event.type) {
    case 'step.started':
      return started(steps, event.data.name, event.at);
    case 'step.ended':
      return ended(steps, event.data.name, event.at, event.data.fault === undefined);
    case 'build.running':
      return steps.map(waiting);
    case 'build.succeeded':
      return steps.map((step) => (step.state === 'waiting' ? { ...step, state: 'skipped' } : step));
    default:
      return steps;
  }
};

/** How much of the plan is done, from 0 to 1, where the daemon does not say so itself. */
export const fractionOf = (steps: readonly ShownStep[]): number =>
  steps.length === 0 ? 0 : steps.filter(({ state }) => state === 'done' || state === 'skipped').length / steps.length;
