import type { Event, PlannedStep } from '../api/types.ts';

/**
 *     waiting ──▶ running ──▶ done | failed
 *        └── a later step begins ──▶ skipped
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
  // A plan that is not known, or has grown: what begins is shown all the same.
  if (at === -1) return [...steps, { name, state: 'running', startedAt }];
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
    default:
      return steps;
  }
};

/** How much of the plan is done, from 0 to 1, where the daemon does not say so itself. */
export const fractionOf = (steps: readonly ShownStep[]): number =>
  steps.length === 0 ? 0 : steps.filter(({ state }) => state === 'done' || state === 'skipped').length / steps.length;
