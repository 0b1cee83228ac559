/**
 * How far a build is, and how long it still takes, judged from its plan and from how long each step took in earlier builds.
 *
 * Each step has a share of the whole that is as large as the time that it is expected to take. A step that runs fills its
 * share evenly, nine tenths of it by the time that is expected; when it takes longer, it comes ever closer to the end of its
 * share and never there. Shares stay what they are for an attempt, so that the fraction cannot go back.
 */

import type { Phase } from '../../base/records/phase.ts';
import type { Progress } from '../../base/records/progress.ts';
import type { PlannedStep } from '../asked.ts';
import type { StoredStep } from '../records.ts';

/** A step of a plan, and the milliseconds that it is expected to take. */
export type ExpectedStep = Pick<PlannedStep, 'name' | 'sequence'> & {
  readonly ms: number;
  /** Whether that comes from earlier builds. */
  readonly isKnown: boolean;
};

/** A step of the attempt that runs now. */
export type BegunStep = Pick<StoredStep, 'name' | 'startedAt' | 'endedAt'>;

/**
 * What a step of a phase takes where nothing is known, in milliseconds. Measured with the tiny guests of the tests and an
 * installation of OpenBSD under TCG: only the proportions matter.
 */
const usualMs: Readonly<Record<Phase, number>> = {
  preparing: 200,
  installing: 120_000,
  booting: 15_000,
  connecting: 5000,
  provisioning: 20_000,
  sealing: 1000,
  packaging: 5000,
  publishing: 1000,
};

/** What the steps of a plan are expected to take: as long as they took before, `nothing` for those that are not to be run. */
export const expectedOf = (
  plan: readonly Pick<PlannedStep, 'name' | 'phase' | 'sequence'>[],
  tookMs: ReadonlyMap<string, number>,
  nothing: ReadonlySet<string>,
): readonly ExpectedStep[] =>
  plan.map(({ name, phase, sequence }) => {
    const took = nothing.has(name) ? 0 : tookMs.get(name);
    return {
      name,
      ...(sequence === undefined ? {} : { sequence }),
      ms: took ?? usualMs[phase],
      isKnown: took !== undefined,
    };
  });

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);

/** Sequences run side by side: together they take as long as the longest of them. */
const together = (steps: readonly ExpectedStep[], msOf: (step: ExpectedStep, at: number) => number): number => {
  const alone = sum(steps.map((step, at) => (step.sequence === undefined ? msOf(step, at) : 0)));
  const sequences = new Map<number, number>();
  for (const [at, step] of steps.entries())
    if (step.sequence !== undefined) sequences.set(step.sequence, (sequences.get(step.sequence) ?? 0) + msOf(step, at));
  return alone + Math.max(0, ...sequences.values());
};

/** What part of the whole each step is, in milliseconds: those of sequences share what the longest of them takes. */
const sharesOf = (steps: readonly ExpectedStep[]): readonly number[] => {
  const beside = steps.filter(({ sequence }) => sequence !== undefined);
  const scale = together(beside, ({ ms }) => ms) / (sum(beside.map(({ ms }) => ms)) || 1);
  return steps.map(({ ms, sequence }) => (sequence === undefined ? ms : ms * scale));
};

/** The step that each step of the plan has become, of those that have begun: by name, one after the other. */
const matched = (steps: readonly ExpectedStep[], begun: readonly BegunStep[]): readonly (BegunStep | undefined)[] => {
  const left = new Map<string, BegunStep[]>();
  for (const step of begun) left.set(step.name, [...(left.get(step.name) ?? []), step]);
  return steps.map(({ name }) => left.get(name)?.shift());
};

// What a step has done of its share by the time that it is expected to take.
const byThen = 0.9;

/** How much of its share a step has done that has run for `ms`: below 1, and never less than before. */
const partAfter = (ms: number, expectedMs: number): number => {
  const times = Math.max(0, ms) / Math.max(1, expectedMs);
  return times <= 1 ? byThen * times : 1 - (1 - byThen) / times;
};

/** What a step that has run for `ms` still takes: one that takes longer than expected takes longer still. */
const leftAfter = (ms: number, expectedMs: number): number => Math.max(expectedMs - ms, ms / 10, 0);

// How soon the pace of this attempt counts as much as that of earlier builds: after this part of the whole.
const paceAfter = 0.25;

const fastest = 0.5;
const slowest = 4;

/** How slow this attempt is: 2 where its steps took twice as long as was expected of them. */
const paceOf = (doneMs: number, expectedMs: number, wholeMs: number): number => {
  const weight = wholeMs * paceAfter;
  return weight === 0 ? 1 : Math.min(slowest, Math.max(fastest, (doneMs + weight) / (expectedMs + weight)));
};

// In ten thousandths: what is shown has no more digits, and is below 1.
const shown = (fraction: number): number => Math.min(9999, Math.floor(fraction * 10_000)) / 10_000;

/** The place after the last step that has begun and is part of no sequence: what stands before it is done, or was not run. */
const passedBefore = (steps: readonly ExpectedStep[], matches: readonly (BegunStep | undefined)[]): number =>
  steps.findLastIndex(({ sequence }, at) => sequence === undefined && matches[at] !== undefined);

/** How far an attempt is at `now`, Unix milliseconds. `begun`: its steps, in the order of their begin. */
export const progressOf = (steps: readonly ExpectedStep[], begun: readonly BegunStep[], now: number): Progress => {
  const matches = matched(steps, begun);
  const passed = passedBefore(steps, matches);
  const isDone = (at: number) => at < passed || matches[at]?.endedAt !== undefined;
  const ranMs = (at: number) => {
    const match = matches[at];
    return match === undefined ? undefined : Math.max(0, (match.endedAt ?? now) - match.startedAt);
  };

  const shares = sharesOf(steps);
  const whole = sum(shares);
  const partOf = ({ ms }: ExpectedStep, at: number): number => {
    if (isDone(at)) return 1;
    const ran = ranMs(at);
    return ran === undefined ? 0 : partAfter(ran, ms);
  };
  const done = sum(steps.map((step, at) => partOf(step, at) * (shares[at] ?? 0)));

  // What a step is known to take, and took here: it is done, or runs for longer already.
  const compared = steps.flatMap(({ isKnown: is, ms }, at) => {
    const ran = ranMs(at);
    return is && ran !== undefined && (isDone(at) || ran > ms) ? [{ ran, ms }] : [];
  });
  const pace = paceOf(sum(compared.map(({ ran }) => ran)), sum(compared.map(({ ms }) => ms)), whole);
  const leftMs = together(steps, ({ ms }, at) => {
    if (isDone(at)) return 0;
    const ran = ranMs(at);
    return ran === undefined ? ms * pace : leftAfter(ran, ms * pace);
  });
  const isKnown = sum(steps.map(({ isKnown: is }, at) => (is ? (shares[at] ?? 0) : 0))) >= whole / 2;
  return {
    step: matches.findLastIndex((match) => match !== undefined) + 1,
    steps: steps.length,
    fraction: whole === 0 ? 0 : shown(done / whole),
    ...(isKnown && whole > 0 ? { leftMs: Math.round(leftMs) } : {}),
  };
};
