import type { Input, Step } from '../api/types.ts';

/** A step on the time line: when it began and ended, in milliseconds since the first step of its attempt. */
export type TimelineRow = {
  readonly name: string;
  readonly about?: string | undefined;
  readonly state: 'planned' | 'running' | 'done' | 'failed';
  readonly fromMs: number;
  readonly toMs: number;
};

/** The attempts that have begun a step. */
export const attemptsOf = (steps: readonly Step[]): readonly number[] => [
  ...new Set(steps.map(({ attempt }) => attempt)),
];

/** The steps of one attempt in their order, and what of the plan has not begun. `now` is for those that run. */
export const timelineRows = (
  steps: readonly Step[],
  plan: Input['plan'],
  now: number,
  isOver: boolean,
): readonly TimelineRow[] => {
  const origin = Math.min(...steps.map(({ started_at }) => Date.parse(started_at)));
  const about = new Map(plan.map((step) => [step.name, step.about]));
  const begun = steps.map(({ name, started_at, ended_at, fault }): TimelineRow => {
    const to = ended_at === undefined ? now : Date.parse(ended_at);
    return {
      ...{ name, about: about.get(name) },
      state: fault !== undefined ? 'failed' : ended_at === undefined && !isOver ? 'running' : 'done',
      fromMs: Date.parse(started_at) - origin,
      toMs: to - origin,
    };
  });
  const names = new Set(steps.map(({ name }) => name));
  const planned = plan
    .filter(({ name }) => !names.has(name))
    .map(({ name, about }): TimelineRow => ({ name, about, state: 'planned', fromMs: 0, toMs: 0 }));
  return [...begun, ...planned];
};
