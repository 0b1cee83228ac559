import { Fault } from '../../base/fault.ts';
import { fieldErrors } from '../../base/field-errors.ts';
import { didYouMean, quoted } from '../../base/text/nearest.ts';
import type { Phase } from '../../base/records/phase.ts';
import type { Claim, ResumeAsk, Resumption } from '../../queue/records.ts';
import type { Store } from '../../queue/store.ts';
import type { Spec } from '../../template/spec.ts';
import { digestOf } from '../canonical.ts';
import { keepingNoMore, type Layering } from '../layers/layering.ts';
import { recipeFor } from '../recipe.ts';
import { standingAfter, type Done, type Remembered } from './remembered.ts';

/** Where a build stands that has failed and is held. */
export type Standing = {
  readonly claim: Claim;
  readonly spec: Spec;
  readonly layering: Layering;
  readonly steps: Remembered;
};

/** How it goes on: with what, and after which steps. */
export type GoesOn = Omit<Standing, 'steps'> & { readonly before: readonly Done[] };

export type GoOnParts = {
  readonly store: Pick<Store, 'resume'>;
  readonly resolve: (claim: Claim) => Promise<Spec>;
};

// What comes before them cannot be done to a machine that runs, and what comes after has none.
const again: readonly Phase[] = ['connecting', 'provisioning', 'sealing'];

/** How many steps stay done. Throws `invalid_input`, or `step_not_resumable`. */
const placeOf = ({ id }: Claim['build'], steps: Remembered, from: string | undefined): number => {
  const failed = steps.begun();
  const done = steps.done();
  const all = failed === undefined ? done : [...done, failed];
  const place = from === undefined ? all.length - 1 : all.findLastIndex(({ name }) => name === from);
  const step = all[place];
  if (step === undefined) {
    const wrong = fieldErrors();
    const names = all.filter(({ phase }) => again.includes(phase)).map(({ name }) => name);
    wrong.add('/from', `is ${quoted(from ?? '')}, which is no step that it came to: ${didYouMean(from ?? '', names)}`);
    throw wrong.fault('invalid_input', `Build ${id} cannot go on from there`);
  }
  // Where the guest was being started anew, the machine of the steps before is gone.
  const barred = failed?.phase === 'booting' ? failed : step;
  if (!again.includes(barred.phase))
    throw new Fault(
      'step_not_resumable',
      `The step ${barred.name} (${barred.phase}) of build ${id} cannot be run again in a machine that runs: only steps that connect to the guest, provision it, seal it or shut it down can. Let the machine go, and build it anew: POST /builds/${id}/retry.`,
      { step: barred.name },
    );
  return place;
};

const machineIn = (document: unknown): unknown =>
  typeof document === 'object' && document !== null && 'machine' in document ? document.machine : undefined;

/** Throws `template_invalid` where what was sent cannot take the place of what the build is made of, in the middle of it. */
const checkMended = (
  { claim, spec, layering }: Omit<Standing, 'steps'>,
  next: Pick<Standing, 'claim' | 'spec'>,
  before: readonly Done[],
): void => {
  const wrong = fieldErrors();
  if (digestOf(machineIn(claim.input.template) ?? null) !== digestOf(machineIn(next.claim.input.template) ?? null))
    wrong.add('/template/machine', 'is another than that of the build, whose machine runs already');
  if (next.spec.secrets.some((secret) => !spec.secrets.includes(secret)))
    wrong.add('/template/variables', 'have sensitive values that the build does not have, and so does not mask');
  const planned = recipeFor(next.spec, layering).steps;
  const at = before.findIndex(({ name }, place) => planned[place]?.name !== name);
  if (at >= 0)
    wrong.add(
      '/template',
      `has ${quoted(planned[at]?.name ?? 'nothing')} as its step ${at + 1}, where the build has done ${quoted(before[at]?.name ?? '')}`,
    );
  const provisioned = before.filter(({ phase }) => phase === 'provisioning').length;
  for (const [place, { name, type }] of spec.provisioners.slice(0, provisioned).entries()) {
    const other = next.spec.provisioners[place];
    if (other?.name === name && other.type !== type)
      wrong.add(
        `/template/provisioners/${place}`,
        `is of type ${other.type}, where the build has run one of type ${type}`,
      );
  }
  if (!wrong.isEmpty())
    throw wrong.fault(
      'template_invalid',
      `Build ${claim.build.id} cannot go on with this: up to the step it goes on from all must be the same, and POST /builds/${claim.build.id}/retry builds it anew`,
    );
};

/** What is still to be done is as it was sent; the machine, and how the build talks to it, are as they are. */
const goingOnWith = (
  { errorCleanup: _, ...spec }: Spec,
  { provisioners, seal, shutdown, postProcessors, errorCleanup }: Spec,
): Spec => ({
  ...spec,
  ...{ provisioners, seal, shutdown, postProcessors },
  ...(errorCleanup === undefined ? {} : { errorCleanup }),
});

const mendedClaim = (claim: Claim, mended: NonNullable<Resumption['mended']>): Claim => {
  const { contextId: _, ...build } = claim.build;
  const { template, variables, plan, contextId, sensitive } = mended;
  return {
    ...claim,
    build: { ...build, sensitive, ...(contextId === undefined ? {} : { contextId }) },
    input: { ...claim.input, template, variables, plan },
  };
};

/**
 * Lets a held build go on from the step that failed, or from one before it: with what it is made of, or with what a client has
 * sent in its place. Throws what `placeOf` and `checkMended` throw, and `changes_exhausted`; then it is held as before.
 */
export const goOn = async (
  standing: Standing,
  { by, from, mended }: ResumeAsk,
  { store, resolve }: GoOnParts,
): Promise<GoesOn> => {
  const { claim, spec, layering, steps } = standing;
  const place = placeOf(claim.build, steps, from);
  const before = standingAfter(steps.done(), place);
  const named = from ?? steps.begun()?.name ?? '';
  const nextClaim = mended === undefined ? claim : mendedClaim(claim, mended);
  const next = mended === undefined ? spec : await resolve(nextClaim);
  checkMended({ claim, spec, layering }, { claim: nextClaim, spec: next }, before);
  await store.resume(claim.build.id, claim.token, { by, from: named, ...(mended === undefined ? {} : { mended }) });
  return { claim: nextClaim, spec: goingOnWith(spec, next), layering: keepingNoMore(layering), before };
};
