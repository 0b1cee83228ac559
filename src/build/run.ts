import { asFault } from '../base/fault.ts';
import type { Claim } from '../queue/records.ts';
import type { RunBuild } from '../queue/store.ts';
import { filesIn } from '../template/resolve/image-files.ts';
import type { Spec } from '../template/spec.ts';
import { beginAttempt, type Attempt, type AttemptParts } from './attempt/attempt.ts';
import type { Bases } from './files/bases.ts';
import type { Held } from './hold/hold.ts';
import { noLayering, type Layering } from './layers/layering.ts';
import { leftOutBy } from './layers/left-out.ts';
import { openLayering, type OpenLayeringParts } from './layers/open-layering.ts';
import type { PerformParts } from './attempt/perform.ts';
import { performAll } from './again/perform-all.ts';
import { recipeFor } from './recipe.ts';
import { askedBuildOf } from './job.ts';
import type { LetRun } from './take-up/let-run.ts';
import { mayHaveMissed } from './take-up/missed.ts';
import { openLeft } from './take-up/open-left.ts';

export type RunnerParts = AttemptParts &
  PerformParts &
  Omit<OpenLayeringParts, keyof PerformParts> & {
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

/** What readers of the log should know from the start. */
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

/** Which steps of the plan a build leaves out that goes on from a layer, for as long as it runs. */
const tellSkipped = (
  { claim: { build }, cleanup }: Attempt,
  spec: Spec,
  layering: Layering,
  layers: RunnerParts['layers'],
): void => {
  if (layering.from === undefined || layers === undefined) return;
  layers.skipped.set(build.id, leftOutBy(spec, layering.cuts, layering.from));
  cleanup.defer(() => void layers.skipped.delete(build.id));
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
    const attempt = await beginAttempt(claim, spec, parts, signal, left.journal);
    const startedAt = left.journal?.startedAt ?? clock.now();
    const job = { id: build.id, slot, spec, folders, build: askedBuildOf(claim, startedAt) };
    let layering = noLayering;
    try {
      attempt.cleanup.keep(parts.bases.use(build.id, filesIn(spec)));
      sayFirst(attempt, claim, spec, slot);
      if (spec.hostSecrets !== undefined && claim.takenUp !== true)
        await parts.store.secretsUsed(build.id, claim.token, spec.hostSecrets);
      const missed = left.journal && mayHaveMissed(left.journal, spec, parts.mirror !== undefined);
      layering = await openLayering(attempt, spec, slot, parts, left.journal && { ...left.journal, missed });
      tellSkipped(attempt, spec, layering, parts.layers);
      const plan = recipeFor(spec, layering);
      left.check(plan);
      const place = left.placeOf(plan, startedAt, attempt, {
        layer: layering.from?.cut.key,
        wholeKey: layering.wholeKey,
        missed,
      });
      const begins = { claim, spec, layering, before: [] };
      const artifacts = await performAll(attempt, begins, { job }, { ...parts, place }, signal);
      if (layering.from?.cut.kind === 'artifacts')
        await parts.store.tookArtifacts(build.id, claim.token, layering.from.held.layer.buildId);
      return artifacts;
    } finally {
      // What is being kept must be whole, or given up, before its files are let go.
      await layering.ended();
      await cleanUp(attempt);
    }
  };
};
