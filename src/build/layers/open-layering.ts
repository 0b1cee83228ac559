import { strictest } from '../../base/records/cache-mode.ts';
import { version } from '../../base/package.ts';
import type { FileDigests } from '../../layers/keys/file-digests.ts';
import { keysOf, type SpecsOfKeys } from '../../layers/keys/keys.ts';
import type { BuildLayers } from '../../layers/types.ts';
import type { Mirror } from '../../httpd/mirror/types.ts';
import type { Claim } from '../../queue/records.ts';
import type { Spec } from '../../template/spec.ts';
import type { Hypervisor } from '../../vmm/types.ts';
import type { Clock } from '../../base/clock.ts';
import { Fault } from '../../base/fault.ts';
import type { Journal } from '../take-up/journal.ts';
import type { Attempt } from '../attempt.ts';
import type { Background } from './background.ts';
import type { KeepingCosts } from './costs.ts';
import { cutsOf, type Cut } from './cuts.ts';
import { keepingNoMore, makeLayering, noLayering, type Layering, type Taken } from './layering.ts';
import { lookUp } from './look-up.ts';
import { keepsOf, type KeepingMeans } from './restarts.ts';

/** What builds keep and go on from on this host. */
export type Layers = {
  readonly shelf: BuildLayers;
  readonly digests: FileDigests;
  /** See `KeyParts`. */
  readonly secret: Uint8Array;
  readonly costs: KeepingCosts;
  /** What is flattened while no build waits for it. */
  readonly background: Background;
  /** Of builds that go on from a layer, by id: the steps of their plans that are not run. */
  readonly skipped: Map<string, ReadonlySet<string>>;
};

export type OpenLayeringParts = {
  /** Undefined: this host keeps none. */
  readonly layers: Layers | undefined;
  readonly resolveForKeys: (claim: Claim) => Promise<SpecsOfKeys>;
  readonly hypervisor: Hypervisor;
  readonly mirror: Mirror | undefined;
  readonly clock: Clock;
};

const hostOf = async (hypervisor: Hypervisor, signal: AbortSignal): Promise<Readonly<Record<string, string>>> => {
  const { name, version: theirs, accelerators } = await hypervisor.facts(signal);
  return { imaged: version, hypervisor: name, version: theirs, accelerators: accelerators.join(' ') };
};

/** What a hypervisor has for keeping machines. */
export const meansOf = ({ shapeKey, chains }: Pick<Hypervisor, 'shapeKey' | 'chains'>): KeepingMeans => ({
  keepsMachines: shapeKey !== undefined,
  over: chains.over,
});

/** The layer that an earlier daemon went on from, of which the machine that is there now was made. Throws `not_taken_up`. */
const takeAgain = async (
  shelf: BuildLayers,
  { build }: Claim,
  cuts: readonly Cut[],
  { layer: key }: Pick<Journal, 'layer'>,
): Promise<Taken | undefined> => {
  if (key === undefined) return undefined;
  const cut = cuts.find((one) => one.key === key);
  const held = cut && (await shelf.take(key, build.id));
  if (cut === undefined || held === undefined)
    throw new Fault('not_taken_up', 'The layer that the build went on from is not kept any more.');
  return { cut, held };
};

const sayNone = ({ event, log }: Attempt, why: string): void => {
  event('layer.not_kept', { step: 'connect', why });
  log(`nothing is kept between provisioners: ${why}`);
};

/**
 * Works out the keys of an attempt, takes what is kept, and says what will be. `before`: what an
 * earlier daemon has written down of it. Throws `nothing_kept`, `not_taken_up`, the signal's reason.
 */
export const openLayering = async (
  attempt: Attempt,
  spec: Spec,
  slot: number,
  { layers, resolveForKeys, hypervisor, mirror, clock }: OpenLayeringParts,
  before?: Pick<Journal, 'layer'>,
): Promise<Layering> => {
  const { claim, cleanup, signal } = attempt;
  const mode = strictest(claim.build.cache ?? 'auto', spec.cache.mode);
  // Whoever looks at it step by step may change it.
  if (layers === undefined || mode === 'off' || claim.build.debug === true) return noLayering;
  const { shelf, digests, secret, costs, background } = layers;
  const host = await hostOf(hypervisor, signal);
  const keeps = keepsOf(spec, meansOf(hypervisor));
  const parts = { secret, digests, host, slot, restarts: keeps.restarts };
  const keys = await keysOf(await resolveForKeys(claim), parts, signal);
  const cuts = cutsOf(spec, keys, mode, keeps);
  const constant = new Set(keys.filter(({ changes }) => changes === undefined).map(({ part }) => part));
  const own = { shelf, clock, costs, background, memoryMb: spec.memoryMb };
  if (before !== undefined) {
    const from = await takeAgain(shelf, claim, cuts, before);
    if (from !== undefined) cleanup.keep(from.held);
    return keepingNoMore(makeLayering(attempt, cleanup, { cuts, constant, from, turns: new Map() }, own));
  }
  if (keeps.whyNone !== undefined) sayNone(attempt, keeps.whyNone);
  const mirrored = async (path: string, asked: AbortSignal) => mirror?.digestOf(path, asked);
  const { from, turns } = await lookUp(attempt, cuts, { shelf, mirrored }, signal);
  if (from !== undefined) cleanup.keep(from.held);
  cleanup.defer(() => {
    for (const turn of turns.values()) turn[Symbol.dispose]();
  });
  return makeLayering(attempt, cleanup, { cuts, constant, from, turns }, own);
};
