import type { Input, Step } from '../api/types.ts';

/** A step on the time line: when it began and ended, in milliseconds since the first step of its attempt. */
export type TimelineRow = {
  readonly name: string;
  readonly about?: string | undefined;
  /** `taken`: what it would have made was taken from a layer. */
  readonly state: 'planned' | 'running' | 'done' | 'failed' | 'taken';
  readonly fromMs: number;
  readonly toMs: number;
};

/** The attempts that have begun a step, and the newest, which may wait for a layer before its first. */
export const attemptsOf = (steps: readonly Step[], newest: number): readonly number[] => [
  ...new Set([...steps.map(({ attempt }) => attempt), ...(newest > 0 ? [newest] : [])]),
];

type Shown = {
  /** For the steps that run, in Unix milliseconds. */
  readonly now: number;
  /** Whether the build has ended. */
  readonly isOver: boolean;
  /** The last step whose work was taken from a layer. */
  readonly takenUpTo?: string | undefined;
};

/** The steps of one attempt in their order: behind what was taken from a layer, and before what of the plan has not begun. */
export const timelineRows = (
  steps: readonly Step[],
  plan: Input['plan'],
  { now, isOver, takenUpTo }: Shown,
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
  const taken = plan.findIndex(({ name }) => name === takenUpTo) + 1;
  const idle = (part: Input['plan'], state: 'planned' | 'taken') =>
    part
      .filter(({ name }) => !names.has(name))
      .map((step): TimelineRow => ({ name: step.name, about: step.about, state, fromMs: 0, toMs: 0 }));
  return [...idle(plan.slice(0, taken), 'taken'), ...begun, ...idle(plan.slice(taken), 'planned')];
};
