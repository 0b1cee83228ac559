import { rm } from 'node:fs/promises';
import { asFault, type Fault } from '../../base/fault.ts';
import type { Phase } from '../../base/records/phase.ts';
import type { Artifact } from '../../image/types.ts';
import { FailedWith } from '../../queue/rules/failed-with.ts';
import { isFinal } from '../../queue/rules/retry.ts';
import { cleanAndHold, type HoldParts } from '../after-failure/clean-and-hold.ts';
import { cleanUpAfter, type CleanupFacts } from '../after-failure/error-cleanup.ts';
import { publishFailed, withArtifacts, type Facts } from '../after-failure/publish-failed.ts';
import type { GoesOn } from './go-on.ts';
import { remember, type Remembered } from './remembered.ts';
import type { Attempt } from '../attempt/attempt.ts';
import { askedBuildOf } from '../job.ts';
import { performerOf } from '../attempt/perform.ts';
import type { Perform } from '../plan.ts';
import { recipeFor } from '../recipe.ts';
import { SequencesFailed } from '../attempt/sequences.ts';
import { pauseBefore } from '../steps/pause.ts';
import { reconnect } from '../steps/connect/reconnect.ts';

type All = Facts & CleanupFacts;

type Failed = { readonly fault: Fault; readonly phase: Phase | undefined; readonly steps: Remembered };

/** Logs in to the guest again, where the build was logged in by ssh before it was held, and goes on with that. */
const reconnected = async (perform: Perform, { running, guest }: All, before: GoesOn['before']): Promise<void> => {
  if (running === undefined || guest?.login === undefined) return;
  if (before.some(({ phase }) => phase === 'connecting')) await perform(reconnect, { running, guest });
};

/** Performs all of a plan but what is done already. Gives its artifacts, or how it failed; `facts` grow with each step. */
const performPlan = async (
  attempt: Attempt,
  { claim: { build }, spec, layering, before }: GoesOn,
  facts: All,
  parts: HoldParts,
): Promise<Failed | { readonly artifacts: readonly Artifact[] }> => {
  const perform = performerOf(attempt, parts, parts.place);
  let phase: Phase | undefined;
  const steps = remember(before, async (step, needs) => {
    const isFirst = phase === undefined;
    // Before the first there is nothing to look at.
    if (build.debug === true && !isFirst) await perform(pauseBefore(step, parts.holdMs, attempt.attended()), facts);
    ({ phase } = step);
    if (isFirst) await reconnected(perform, facts, before);
    return perform(step, needs);
  });
  try {
    const { artifacts } = await recipeFor(spec, layering).run({ job: facts.job }, async (step, needs) => {
      // From then on there is something that must not be done twice.
      if (step.phase === 'publishing') await parts.place.forget();
      const gives = await steps.perform(step, needs);
      Object.assign(facts, gives);
      return gives;
    });
    return { artifacts };
  } catch (error) {
    if (error instanceof SequencesFailed) facts.drafts = error.drafts;
    return { fault: asFault(error instanceof SequencesFailed ? error.fault : error), phase, steps };
  }
};

/** The end of a build that has failed for good, with what it publishes all the same. */
const failedWith = async (
  attempt: Attempt,
  fault: Fault,
  facts: All,
  parts: HoldParts,
  signal: AbortSignal,
): Promise<Error> => {
  const { build } = attempt.claim;
  await parts.place.forget();
  // The worker that took the build over owns its artifacts.
  if (fault.code !== 'lease_lost') await rm(parts.folders.artifacts(build.id), { recursive: true, force: true });
  const artifacts = isFinal(build, fault.code) ? await publishFailed(attempt, facts, parts, signal) : [];
  return artifacts.length === 0 ? fault : new FailedWith(withArtifacts(fault, artifacts), artifacts);
};

/**
 * Performs the plan of a build, and what is left of it whenever it has failed, was held and is resumed. Gives its artifacts;
 * throws how it failed at last, when the machine has been held and cleaned up.
 */
export const performAll = async (
  first: Attempt,
  begins: GoesOn,
  facts: All,
  parts: HoldParts,
  signal: AbortSignal,
): Promise<readonly Artifact[]> => {
  let [attempt, goesOn] = [first, begins];
  for (;;) {
    const ended = await performPlan(attempt, goesOn, facts, parts);
    if ('artifacts' in ended) return ended.artifacts;
    const { fault, phase, steps } = ended;
    // Whatever becomes of its machine, the build begins anew: it is not held, and what its scripts did outside is cleaned up.
    if (fault.code === 'not_taken_up') {
      if (phase === 'provisioning') await cleanUpAfter(fault, attempt, facts, parts);
      throw await failedWith(attempt, fault, facts, parts, signal);
    }
    const standing = { ...goesOn, steps };
    const resumed = await cleanAndHold(attempt, facts, { phase, fault, standing }, parts, signal);
    if (resumed === undefined) throw await failedWith(attempt, fault, facts, parts, signal);
    goesOn = resumed;
    attempt = attempt.renewed();
    const { spec, claim } = resumed;
    Object.assign(facts, { job: { ...facts.job, spec, build: askedBuildOf(claim, facts.job.build.startedAt) } });
  }
};
