import { strictest } from '../../base/records/cache-mode.ts';
import type { FileDigests } from '../../layers/keys/file-digests.ts';
import type { SpecsOfKeys } from '../../layers/keys/keys.ts';
import type { BuildLayers } from '../../layers/types.ts';
import type { Mirror } from '../../httpd/mirror/types.ts';
import type { Spec } from '../../template/spec.ts';
import type { Hypervisor } from '../../vmm/types.ts';
import type { Clock } from '../../base/clock.ts';
import type { Journal } from '../take-up/journal.ts';
import type { ToResolve } from '../admission.ts';
import type { Attempt } from '../attempt/attempt.ts';
import type { Background } from './background.ts';
import type { KeepingCosts } from './costs.ts';
import type { Cut } from './cuts.ts';
import { findCuts, whyNothing } from './find-cuts.ts';
import { keepingNoMore, noLayering, type Layering, type Taken } from './layering.ts';
import { leftOutBy } from './left-out.ts';
import { lookUp } from './look-up.ts';
import { makeLayering, type GivenToLayering, type LayeringParts } from './make-layering.ts';
import { stepOutcomes, type CutOutcome } from './outcomes.ts';
import { cutsAhead, takeAgain, turnsAgain } from './take-again.ts';

/** What an earlier daemon has written down of a build. */
type LeftLayering = Pick<Journal, 'layer' | 'wholeKey' | 'missed' | 'startedAt' | 'plan' | 'ended' | 'restarting'>;

/** What builds keep and go on from on this host. */
export type LayeringMeans = {
  readonly shelf: BuildLayers;
  readonly digests: FileDigests;
  /** See `KeyParts`. */
  readonly secret: Uint8Array;
  /** See `CutParts`. */
  readonly program: () => Promise<string>;
  readonly costs: KeepingCosts;
  /** What is flattened while no build waits for it. */
  readonly background: Background;
  /** Of builds that go on from a layer, by id: the steps of their plans that are not run. */
  readonly skipped: Map<string, ReadonlySet<string>>;
};

export type OpenLayeringParts = {
  /** Undefined: this host keeps none. */
  readonly layers: LayeringMeans | undefined;
  readonly resolveForKeys: (build: ToResolve) => Promise<SpecsOfKeys>;
  readonly hypervisor: Hypervisor;
  readonly mirror: Mirror | undefined;
  readonly clock: Clock;
};

const sayNone = ({ event, log }: Attempt, [first]: Spec['provisioners'], why: string): void => {
  event('layer.not_kept', { step: first?.name ?? 'connect', why });
  log(`nothing is kept between provisioners: ${why}`);
};

/** Why a build that is taken up keeps nothing more; undefined: it may. */
const whyNoMore = ({ missed, wholeKey: then }: LeftLayering, now: string | undefined): string | undefined => {
  if (missed === true)
    return 'the daemon was away while the guest ran, and nothing tells what the guest missed meanwhile';
  return then === now ? undefined : 'imaged, or something else that goes into the build, is another than when it began';
};

/** The layering of a build that is taken up: it keeps as others do, unless its guest may have missed something. */
const openAgain = async (
  attempt: Attempt,
  { cuts: now, wholeKey, constant }: Pick<GivenToLayering, 'cuts' | 'wholeKey' | 'constant'>,
  left: LeftLayering,
  parts: LayeringParts,
  hypervisor: Hypervisor,
): Promise<Layering> => {
  const { claim, cleanup, event, log, signal } = attempt;
  const { shelf } = parts;
  const ahead = cutsAhead(now, left);
  const [next] = ahead;
  const why = whyNoMore(left, wholeKey);
  const mayKeep = why === undefined;
  const turns = mayKeep ? await turnsAgain(shelf, ahead, signal) : new Map<string, Disposable>();
  letGoOf(turns, cleanup);
  const { cuts, from, before } = await takeAgain({ shelf, hypervisor }, claim.build.id, now, left);
  for (const held of [...(from === undefined ? [] : [from.held]), ...before.held]) cleanup.keep(held);
  const layering = makeLayering(attempt, cleanup, { cuts, wholeKey, constant, from, before, turns }, parts);
  if (mayKeep) return layering;
  if (next !== undefined) {
    event('layer.not_kept', { step: next.step, why });
    log(`nothing more is kept: ${why}`);
  }
  return keepingNoMore(layering);
};

const letGoOf = (turns: ReadonlyMap<string, Disposable>, cleanup: Attempt['cleanup']): void =>
  cleanup.defer(() => {
    for (const turn of turns.values()) turn[Symbol.dispose]();
  });

/** Tells what the layers mean for the steps of the plan. */
const tellOutcomes = (
  { claim, event }: Attempt,
  spec: Spec,
  cuts: readonly Cut[],
  outcomes: readonly CutOutcome[],
  from?: Taken,
): void => {
  const { plan } = claim.input;
  const steps = stepOutcomes({ spec, plan, cuts, outcomes, leftOut: leftOutBy(spec, cuts, from) });
  event('layer.looked_up', { steps: steps.map(({ step: name, ...rest }) => ({ name, ...rest })) });
};

/**
 * Works out the keys of an attempt, takes what is kept, and says what will be. `before`: what an
 * earlier daemon has written down of it. Throws `nothing_kept`, `not_taken_up`, the signal's reason.
 */
// One function, though long: one thing after the other.
export const openLayering = async (
  attempt: Attempt,
  spec: Spec,
  slot: number,
  { layers, resolveForKeys, hypervisor, mirror, clock }: OpenLayeringParts,
  before?: LeftLayering,
): Promise<Layering> => {
  const { claim, cleanup, signal } = attempt;
  if (layers === undefined || whyNothing(claim.build, spec, 'keeps layers') !== undefined) return noLayering;
  const { shelf, digests, secret, program, costs, background } = layers;
  const mode = strictest(claim.build.cache ?? 'auto', spec.cache.mode);
  const specs = await resolveForKeys(claim);
  const find = (until: AbortSignal) =>
    findCuts(spec, specs, mode, { hypervisor, secret, digests, program, slot }, until);
  const { keys, cuts, whyNone } = await find(signal);
  const constant = new Set(keys.filter(({ changes }) => changes === undefined).map(({ part }) => part));
  const { memoryMb, provisioners } = spec;
  const isStill = async ({ key }: Cut, until: AbortSignal) => (await find(until)).keys.some((one) => one.key === key);
  const own = { shelf, clock, costs, background, memoryMb, provisioners: provisioners.length, isStill };
  const wholeKey = keys.at(-1)?.key;
  if (before !== undefined) return openAgain(attempt, { cuts, wholeKey, constant }, before, own, hypervisor);
  if (whyNone !== undefined) sayNone(attempt, spec.provisioners, whyNone);
  const mirrored = async (path: string, asked: AbortSignal) => ({ sha256: await mirror?.digestOf(path, asked) });
  const found = (outcomes: readonly CutOutcome[], taken: Taken | undefined) =>
    tellOutcomes(attempt, spec, cuts, outcomes, taken);
  const { from, turns } = await lookUp(attempt, cuts, { shelf, mirrored, now: clock.now, found }, signal);
  if (from !== undefined) cleanup.keep(from.held);
  letGoOf(turns, cleanup);
  return makeLayering(attempt, cleanup, { cuts, wholeKey, constant, from, turns }, own);
};
