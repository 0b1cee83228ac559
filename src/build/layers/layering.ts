/** What one attempt does with kept layers: what it goes on from, and what it keeps. */

import type { Clock } from '../../base/clock.ts';
import type { CleanupStack } from '../../base/cleanup.ts';
import { asFault } from '../../base/fault.ts';
import { deferred } from '../../base/waiting.ts';
import type { BuildLayers, HeldLayer, NewLayer } from '../../layers/types.ts';
import type { Attempt } from '../attempt.ts';
import { isOpen, type Cut } from './cuts.ts';
import type { KeepingCosts } from './costs.ts';

/** A layer that the build goes on from. */
export type Taken = { readonly cut: Cut; readonly held: HeldLayer };

/** What was put into the folder of a layer. */
export type Filled = { readonly facts: unknown; readonly stoodStillMs?: number };

export type Layering = {
  readonly cuts: readonly Cut[];
  /** Undefined: from the beginning. */
  readonly from?: Taken;
  /** Whether what a part does may be kept: then it is told nothing that is another in each build. */
  readonly isConstant: (part: string) => boolean;
  /** No machine could go on from this layer. */
  readonly spoil: (key: string) => Promise<void>;
  /** Whether what was made so far is worth to be kept here. */
  readonly isWorthIt: (cut: Cut) => boolean;
  /**
   * Keeps what has been made so far: `fill` puts the files of the layer into its folder, and what it throws is the build's
   * own fault only where `fill` could not leave all as it was. False: it was not kept. The files must stay where they are.
   */
  readonly keep: (cut: Cut, roomBytes: number, fill: (folder: string) => Promise<Filled>) => Promise<boolean>;
  /** The plan has come past a place where nothing is kept: whoever waits for it need not. */
  readonly passed: (cut: Cut) => void;
  /** Resolves when all that is being kept is kept or has failed. Never rejects. */
  readonly settled: () => Promise<void>;
};

/** A build that neither takes nor keeps. */
export const noLayering: Layering = {
  cuts: [],
  isConstant: () => false,
  spoil: async () => undefined,
  isWorthIt: () => false,
  keep: async () => false,
  passed: () => undefined,
  settled: async () => undefined,
};

/** The same for a build whose machine is not what its input alone has made of it: nothing of it is kept. */
export const keepingNoMore = (layering: Layering): Layering => ({
  ...layering,
  isConstant: () => false,
  isWorthIt: () => false,
  keep: async () => false,
});

export type LayeringParts = {
  readonly shelf: BuildLayers;
  readonly clock: Clock;
  readonly costs: KeepingCosts;
  readonly memoryMb: number;
};

type Given = {
  readonly cuts: readonly Cut[];
  readonly constant: ReadonlySet<string>;
  readonly from: Taken | undefined;
  /** The keys that this build is the one to make. */
  readonly turns: Map<string, Disposable>;
};

/** When what is kept now may not be used any more: no later than what it was made of. */
const expiryOf = ({ maxAgeMs = Infinity }: Cut, now: number, before: number | undefined): number | undefined => {
  const at = Math.min(now + maxAgeMs, before ?? Infinity);
  return at === Infinity ? undefined : at;
};

// One closure, though long: what was kept last decides what is kept next.
export const makeLayering = (
  { claim, event, log }: Attempt,
  cleanup: Pick<CleanupStack, 'keep'>,
  { cuts, constant, from, turns }: Given,
  { shelf, clock, costs, memoryMb }: LayeringParts,
): Layering => {
  const { id, templateName } = claim.build;
  const began = clock.elapsed();
  const saved = from?.held.layer.seconds ?? 0;
  let lastKept = began;
  // Artifacts lie upon nothing, and are as old as the machine that they are of.
  let expiresAt = from?.held.layer.expiresAt;
  let beneath = from?.cut.kind === 'artifacts' ? undefined : from?.cut.key;
  // The files of a child are no layer before those of its parent are one.
  let last: Promise<boolean> = Promise.resolve(true);

  const passed = ({ key }: Cut) => {
    turns.get(key)?.[Symbol.dispose]();
    turns.delete(key);
  };

  const notKept = (cut: Cut, why: string) => {
    event('layer.not_kept', { step: cut.step, why });
    log(`after ${cut.step} nothing is kept: ${why}`);
    passed(cut);
    return false;
  };

  return {
    cuts,
    isConstant: (part) => constant.has(part),
    spoil: shelf.discard,
    ...(from === undefined ? {} : { from }),
    isWorthIt: (cut) =>
      isOpen(cut) &&
      (cut.checkpoint ?? (clock.elapsed() - lastKept) / 1000 > costs.expectedSeconds(cut.kind, memoryMb)),
    keep: async (cut, roomBytes, fill) => {
      const begins = clock.elapsed();
      const making = await shelf.begin(cut.key, roomBytes);
      if (making === undefined) return notKept(cut, 'it is kept already, or there is no room for it');
      // Its files are beneath the disks of this build, whatever becomes of the layer.
      cleanup.keep(making);
      let filled: Filled;
      try {
        filled = await fill(making.folder);
      } catch (error) {
        if (asFault(error).code === 'internal') throw error;
        return notKept(cut, asFault(error).message);
      }
      const seconds = (clock.elapsed() - begins) / 1000;
      costs.took(cut.kind, memoryMb, seconds);
      const parent = beneath;
      expiresAt = expiryOf(cut, clock.now(), expiresAt);
      const layer: NewLayer = {
        ...(parent === undefined || cut.kind === 'artifacts' ? {} : { parent }),
        ...{ step: cut.step, templateName, buildId: id, kind: cut.kind },
        seconds: saved + (begins - began) / 1000,
        ...(expiresAt === undefined ? {} : { expiresAt }),
        ...{ ingredients: cut.ingredients, facts: filled.facts },
      };
      const { signal } = new AbortController();
      // Artifacts lie upon nothing.
      const before = cut.kind === 'artifacts' ? Promise.resolve(true) : last;
      const done = deferred<boolean>();
      last = done.promise;
      if (cut.kind !== 'artifacts') beneath = cut.key;
      lastKept = clock.elapsed();
      const commit = async () => {
        if (!(await before)) return notKept(cut, 'what lies beneath it could not be kept');
        const held = cleanup.keep(await making.commit(layer, signal));
        event('layer.kept', {
          ...{ step: cut.step, key: cut.key, kind: cut.kind, bytes: held.layer.bytes },
          seconds: Math.round(seconds * 1000) / 1000,
          ...(filled.stoodStillMs === undefined ? {} : { stoodStillMs: Math.round(filled.stoodStillMs) }),
        });
        log(`kept what there is after ${cut.step}: ${held.layer.bytes} bytes, layer ${cut.key.slice(0, 12)}`);
        passed(cut);
        return true;
      };
      commit()
        .catch((error: unknown) => notKept(cut, asFault(error).message))
        .then(done.resolve, () => done.resolve(false));
      return true;
    },
    passed,
    settled: async () => {
      await last;
    },
  };
};
