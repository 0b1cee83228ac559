import { rm } from 'node:fs/promises';
import { asFault } from '../base/fault.ts';
import type { Phase } from '../base/records/phase.ts';
import { isFinal } from '../queue/rules/retry.ts';
import { FailedWith } from '../queue/rules/failed-with.ts';
import type { Claim } from '../queue/records.ts';
import type { RunBuild } from '../queue/store.ts';
import { filesIn } from '../template/resolve/image-files.ts';
import type { Spec } from '../template/spec.ts';
import { beginAttempt, type Attempt, type AttemptParts } from './attempt.ts';
import type { Bases } from './files/bases.ts';
import type { Held } from './hold/hold.ts';
import { publishFailed, withArtifacts, type Facts } from './after-failure/publish-failed.ts';
import { performerOf, type PerformParts } from './perform.ts';
import { cleanAndHold } from './after-failure/clean-and-hold.ts';
import type { CleanupFacts } from './after-failure/error-cleanup.ts';
import { recipeFor } from './recipe.ts';
import { askedBuildOf } from './job.ts';
import { SequencesFailed } from './sequences.ts';
import { pauseBefore } from './steps/pause.ts';
import type { LetRun } from './take-up/let-run.ts';
import { openLeft } from './take-up/open-left.ts';

export type RunnerParts = AttemptParts &
  PerformParts & {
    /** Fills in the template for this claim. Throws `template_invalid` where a file has gone since. */
    readonly resolve: (claim: Claim) => Promise<Spec>;
    readonly held: Held;
    readonly bases: Bases;
    readonly letRun: LetRun;
    readonly holdMs: number;
    /** Tells the daemon's log what a build survived and was not foreseen. */
    readonly warn: (facts: Readonly<Record<string, unknown>>, message: string) => void;
  };

// A machine is cut within seconds; a disk that does not answer must not keep the slot for ever.
const cleaningMs = 60_000;

/** What whoever reads the log should know from the start. */
const sayFirst = (attempt: Attempt, { build, input, takenUp }: Claim, spec: Spec, slot: number): void => {
  attempt.log(`attempt ${build.attempt} ${takenUp === true ? 'goes on' : 'begins'} in slot ${slot}`);
  if (takenUp === true) return;
  for (const [asked, base] of Object.entries(input.bases ?? {}))
    if (asked !== base) attempt.log(`build:${asked} is build:${base}, the newest when this build was accepted`);
  for (const { name, version } of spec.hostSecrets ?? [])
    attempt.log(`uses the secret ${name} of this host, version ${version}`);
  for (const { pointer, message } of spec.notes) {
    attempt.log(`note: ${pointer}: ${message}`);
    attempt.event('template.noted', { pointer, message });
  }
};

/** Runs claimed builds: resolves the template, performs its plan, holds or cleans up, and lets everything go in reverse. */
// One closure, though long: it is the life of one attempt, from its beginning to its cleaning.
export const makeRunner = (parts: RunnerParts): RunBuild => {
  const { clock, folders, warn } = parts;

  // Cleaning has a deadline of its own, and what goes wrong in it never hides why the build ended.
  const cleanUp = async ({ cleanup, claim }: Attempt) => {
    using deadline = clock.deadline(
      cleaningMs,
      new AbortController().signal,
      () => new Error(`cleaning up took longer than ${cleaningMs / 1000} s`),
    );
    const tooLate = new Promise<never>((_, reject) => {
      deadline.signal.addEventListener('abort', () => reject(asFault(deadline.signal.reason)), { once: true });
    });
    await Promise.race([cleanup[Symbol.asyncDispose](), tooLate]).catch((error: unknown) =>
      warn({ build: claim.build.id, err: error }, 'not everything of a build could be let go'),
    );
  };

  return async (claim, slot, signal) => {
    const { build } = claim;
    await using left = await openLeft(claim, slot, parts);
    const spec = await parts.resolve(claim);
    const plan = recipeFor(spec);
    left.check(plan);
    const attempt = await beginAttempt(claim, spec, parts, signal, left.journal);
    const startedAt = left.journal?.startedAt ?? clock.now();
    const place = left.placeOf(plan, startedAt, attempt);
    const job = { id: build.id, slot, spec, folders, build: askedBuildOf(claim, startedAt) };
    const facts: Facts & CleanupFacts = { job };
    let phase: Phase | undefined;
    try {
      attempt.cleanup.keep(parts.bases.use(build.id, filesIn(spec)));
      sayFirst(attempt, claim, spec, slot);
      if (spec.hostSecrets !== undefined && claim.takenUp !== true)
        await parts.store.secretsUsed(build.id, claim.token, spec.hostSecrets);
      const perform = performerOf(attempt, parts, place);
      const { artifacts } = await plan.run({ job }, async (step, needs) => {
        // From then on there is something that must not be done twice.
        if (step.phase === 'publishing') await place.forget();
        // Before the first there is nothing to look at.
        if (build.debug === true && phase !== undefined)
          await perform(pauseBefore(step, parts.holdMs, attempt.attended()), facts);
        ({ phase } = step);
        const gives = await perform(step, needs);
        Object.assign(facts, gives);
        return gives;
      });
      return artifacts;
    } catch (error) {
      const fault = asFault(error instanceof SequencesFailed ? error.fault : error);
      if (error instanceof SequencesFailed) facts.drafts = error.drafts;
      await place.forget();
      if (fault.code !== 'not_taken_up')
        await cleanAndHold(attempt, facts, { phase, fault }, { ...parts, place }, signal);
      // Whoever took the build over owns its artifacts.
      if (fault.code !== 'lease_lost') await rm(folders.artifacts(build.id), { recursive: true, force: true });
      const artifacts = isFinal(build, fault.code)
        ? await publishFailed(attempt, facts, { ...parts, place }, signal)
        : [];
      throw artifacts.length === 0 ? fault : new FailedWith(withArtifacts(fault, artifacts), artifacts);
    } finally {
      await cleanUp(attempt);
    }
  };
};
