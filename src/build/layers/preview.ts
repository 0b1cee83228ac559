/** What kept layers would mean for a build that is not asked for yet. Nothing is fetched, held or changed for it. */

import { layerBounds } from '../../base/bounds.ts';
import { Fault, faults } from '../../base/fault.ts';
import { strictest } from '../../base/records/cache-mode.ts';
import type { LayerKind } from '../../base/records/layer-kind.ts';
import type { HeldLayer, Layer } from '../../layers/types.ts';
import type { CheckedBuild } from '../../queue/asked.ts';
import type { Cut } from './cuts.ts';
import { findCuts, whyNothing } from './find-cuts.ts';
import type { Taken } from './layering.ts';
import { leftOutBy } from './left-out.ts';
import type { OpenLayeringParts } from './open-layering.ts';
import { cutOutcomes, openCuts, stepOutcomes, type CutOutcome, type StepOutcome } from './outcomes.ts';
import { usabilityOf, type Usable } from './usable.ts';
import { whyMissing } from './why-missing.ts';

export type CachePreview = {
  /** In the order of the plan, but for the steps that every build takes. */
  readonly steps: readonly StepOutcome[];
  /** The layer that the build would go on from. */
  readonly from?: {
    readonly step: string;
    readonly kind: LayerKind;
    readonly buildId: string;
    readonly savedSeconds: number;
  };
};

type Checked = Pick<CheckedBuild, 'id' | 'contextId' | 'template' | 'variables' | 'bases' | 'plan' | 'templateName' | 'cache' | 'debug'>; // prettier-ignore

export type Preview = (build: Checked, signal: AbortSignal) => Promise<CachePreview>;

type Layers = NonNullable<OpenLayeringParts['layers']>;

type Seen = { readonly cut: Cut; readonly layer: Layer; readonly usable: Exclude<Usable, { readonly is: 'no' }> };

/** The last of the cuts that is kept and, as far as that can be told, may be used; `unusable` is told why others may not. */
const findLongest = async (
  cuts: readonly Cut[],
  { shelf }: Layers,
  { mirror }: Pick<OpenLayeringParts, 'mirror'>,
  unusable: Map<Cut, string>,
  signal: AbortSignal,
): Promise<Seen | undefined> => {
  const known = await shelf.known(cuts.map(({ key }) => key));
  for (const cut of cuts.toReversed()) {
    const layer = known.has(cut.key) ? await shelf.look(cut.key) : undefined;
    if (layer === undefined) continue;
    const mirrored = async (path: string) => mirror?.digestAtHand(path, signal) ?? { sha256: undefined };
    const usable = await usabilityOf(layer, mirrored, signal);
    if (usable.is !== 'no') return { cut, layer, usable };
    unusable.set(cut, usable.why);
  }
  return undefined;
};

/** The steps of a plan of which all that is known is this. */
const allOf = ({ plan }: Checked, outcome: CutOutcome): CachePreview => ({
  steps: plan.filter(({ phase }) => phase !== 'preparing').map(({ name }) => ({ step: name, ...outcome })),
});

/** Why the key of a cut is not known before the build runs; undefined: it is. */
const whyUnknown = ({ unread, ofSlot }: Cut): string | undefined =>
  unread ?? (ofSlot ? 'the installation is told an address of the machine, which is not known before it runs' : undefined); // prettier-ignore

// What is looked at and not held has nothing to release, and its plan is never run.
const lookedAt = ({ cut, layer }: Seen): Taken => {
  const held: HeldLayer = { layer, folder: '', again: () => held, [Symbol.asyncDispose]: () => Promise.resolve() };
  return { cut, held };
};

/** What is known of each cut: `sure` are those whose keys are known. */
const outcomesOf = async (
  cuts: readonly Cut[],
  seen: Seen | undefined,
  unusable: ReadonlyMap<Cut, string>,
  { templateName, shelf, now }: Pick<Layers, 'shelf'> & { readonly templateName: string; readonly now: number },
): Promise<readonly CutOutcome[]> => {
  const open = openCuts(cuts);
  const reached = seen === undefined ? -1 : cuts.indexOf(seen.cut);
  const missing = open.slice(reached + 1);
  const outcomes = cutOutcomes(cuts, reached, missing, await whyMissing(missing, unusable, templateName, shelf, now));
  let unknown: string | undefined;
  return outcomes.map((outcome, at): CutOutcome => {
    const cut = cuts[at];
    if (cut === undefined || !open.includes(cut)) return outcome;
    if (at <= reached) return seen?.usable.is === 'unknown' ? { outcome: 'unknown', why: seen.usable.why } : outcome;
    unknown ??= whyUnknown(cut) ?? (shelf.isBeingMade(cut.key) ? 'another build is making it now' : undefined);
    return unknown === undefined ? outcome : { outcome: 'unknown', why: unknown };
  });
};

const lookAhead = async (checked: Checked, parts: OpenLayeringParts, signal: AbortSignal): Promise<CachePreview> => {
  const { layers, resolveForKeys, hypervisor, clock } = parts;
  const specs = await resolveForKeys({ build: { ...checked, createdAt: clock.now() }, input: checked });
  const { spec } = specs;
  const why = whyNothing(checked, spec, layers === undefined ? 'keeps none' : 'keeps layers');
  if (layers === undefined || why !== undefined) return allOf(checked, { outcome: 'not_kept', ...(why === undefined ? {} : { why }) }); // prettier-ignore
  const { secret, shelf } = layers;
  const mode = strictest(checked.cache ?? 'auto', spec.cache.mode);
  const digests = layers.digests.within(layerBounds.previewBytes);
  const { cuts } = await findCuts(spec, specs, mode, hypervisor, { secret, digests, slot: undefined }, signal);
  const sure = openCuts(cuts).filter((cut) => whyUnknown(cut) === undefined);
  const unusable = new Map<Cut, string>();
  const seen = await findLongest(sure, layers, parts, unusable, signal);
  const { templateName, plan } = checked;
  const outcomes = await outcomesOf(cuts, seen, unusable, { templateName, shelf, now: clock.now() });
  const from = seen?.usable.is === 'yes' ? lookedAt(seen) : undefined;
  const steps = stepOutcomes({ spec, plan, cuts, outcomes, leftOut: leftOutBy(spec, cuts, from) });
  if (from === undefined) return { steps };
  const { kind, buildId, seconds } = from.held.layer;
  return { steps, from: { step: from.cut.step, kind, buildId, savedSeconds: seconds } };
};

/** Tells what a build would find kept; where the host cannot tell now, every step says so. */
export const makePreview =
  (parts: OpenLayeringParts): Preview =>
  async (checked, signal) => {
    try {
      return await lookAhead(checked, parts, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof Fault) || error.code === 'internal') throw error;
      return allOf(checked, { outcome: 'unknown', why: `this host cannot tell now: ${faults[error.code].title}` });
    }
  };
