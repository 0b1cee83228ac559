import type { CacheOutcome } from '../../base/records/cache-outcome.ts';
import type { PlannedStep } from '../../queue/asked.ts';
import type { Spec } from '../../template/spec.ts';
import { isOpen, isRepeatable, type Cut } from './cuts.ts';

/** What kept layers mean for a step of a plan, and why. */
export type StepOutcome = { readonly step: string; readonly outcome: CacheOutcome; readonly why?: string };

/** The same for a cut, and so for the steps that lead to it. */
export type CutOutcome = Omit<StepOutcome, 'step'>;

/** Why nothing is taken or kept at this cut and behind it. */
const whyClosed = (cut: Cut | undefined): string =>
  cut?.changes ?? 'the template says "cache": "off" of this step, or of one before it';

/** The open cuts, in the order of the plan, as far as the first at which nothing may be taken. */
export const openCuts = (cuts: readonly Cut[]): readonly Cut[] => {
  const closed = cuts.findIndex((cut) => !isOpen(cut));
  return closed < 0 ? cuts : cuts.slice(0, closed);
};

/** The outcomes of all cuts: those up to `reached` are hits, then come the missing ones, and then those that are closed. */
export const cutOutcomes = (
  cuts: readonly Cut[],
  reached: number,
  missing: readonly Cut[],
  why: readonly string[],
): readonly CutOutcome[] => {
  const closed = cuts.find((cut) => !isOpen(cut));
  return cuts.map((cut, at): CutOutcome => {
    if (at <= reached) return { outcome: 'hit' };
    const reason = why[missing.indexOf(cut)];
    return reason === undefined ? { outcome: 'not_kept', why: whyClosed(closed) } : { outcome: 'miss', why: reason };
  });
};

/** Why there is no cut behind the steps that come last. */
const whyUncut = ({ postProcessors }: Spec): string => {
  const made = postProcessors.find((one) => !isRepeatable(one));
  return `nothing can be kept behind it: ${made?.name ?? 'what comes then'} runs in each build`;
};

type Of = {
  readonly spec: Spec;
  readonly plan: readonly PlannedStep[];
  readonly cuts: readonly Cut[];
  /** Of each cut. */
  readonly outcomes: readonly CutOutcome[];
  /** The steps that the layer that is taken leaves out. */
  readonly leftOut: ReadonlySet<string>;
};

/**
 * What kept layers mean for each step of a plan: a step that leads to a cut has the outcome of that. Steps that every build
 * takes, whatever is kept, are not among them.
 */
export const stepOutcomes = ({ spec, plan, cuts, outcomes, leftOut }: Of): readonly StepOutcome[] => {
  const places = cuts.map((cut) => plan.findIndex(({ name }) => name === cut.step));
  return plan.flatMap(({ name, phase }, at): readonly StepOutcome[] => {
    if (leftOut.has(name)) return [{ step: name, outcome: 'hit' }];
    if (phase === 'preparing') return [];
    const next = places.findIndex((place) => place >= at);
    const own: CutOutcome = outcomes[next] ?? { outcome: 'not_kept', why: whyUncut(spec) };
    return own.outcome === 'hit' ? [] : [{ step: name, ...own }];
  });
};
