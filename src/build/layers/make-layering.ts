import type { Clock } from '../../base/clock.ts';
import { cleanupStack, type CleanupStack } from '../../base/cleanup.ts';
import { asFault } from '../../base/fault.ts';
import { deferred } from '../../base/waiting.ts';
import type { BuildLayers, Making, NewLayer } from '../../layers/types.ts';
import type { Attempt } from '../attempt/attempt.ts';
import type { Background } from './background.ts';
import { isOpen, type Cut } from './cuts.ts';
import type { KeepingCosts } from './costs.ts';
import type { FilledLayer, Layering, Taken } from './layering.ts';
import { isRestartWorthIt, sinceUp } from './restarts.ts';
import type { Before, Unfinished } from './take-again.ts';

export type LayeringParts = {
  readonly shelf: BuildLayers;
  readonly clock: Clock;
  readonly costs: KeepingCosts;
  readonly background: Background;
  readonly memoryMb: number;
  /** How many the build has. */
  readonly provisioners: number;
  /** Whether all that goes into the key of a cut is what it was when the attempt began: a file of the host may have been changed in its place. */
  readonly isStill: (cut: Cut, signal: AbortSignal) => Promise<boolean>;
};

export type GivenToLayering = {
  readonly cuts: readonly Cut[];
  readonly wholeKey?: string | undefined;
  readonly constant: ReadonlySet<string>;
  readonly from: Taken | undefined;
  /** The keys that this build is the one to make. */
  readonly turns: Map<string, Disposable>;
  /** Where an earlier daemon began the attempt. */
  readonly before?: Before;
};

/** Why disks are not kept that a guest was to be started from. */
export const neverUp = 'the guest did not come up from it again';

/** The same with nothing beneath. */
const alone = ({ parent: _, ...layer }: NewLayer): NewLayer => layer;

/** When what is kept now may not be used any more: no later than what it was made of. */
const expiryOf = ({ maxAgeMs = Infinity }: Cut, now: number, before: number | undefined): number | undefined => {
  const at = Math.min(now + maxAgeMs, before ?? Infinity);
  return at === Infinity ? undefined : at;
};

// One closure, though long: what was kept last decides what is kept next.
export const makeLayering = (
  { claim, event, log, signal: ends }: Attempt,
  cleanup: Pick<CleanupStack, 'defer'>,
  { cuts, wholeKey, constant, from, turns, before }: GivenToLayering,
  { shelf, clock, costs, background, memoryMb, provisioners: all, isStill }: LayeringParts,
): Layering => {
  const { id, templateName } = claim.build;
  // On the clock of this daemon.
  const since = (at: number) => clock.elapsed() - (clock.now() - at);
  const began = before === undefined ? clock.elapsed() : since(before.startedAt);
  const saved = from?.held.layer.seconds ?? 0;
  let lastKept = before === undefined ? began : since(before.keptAt);
  const uppermost = before?.held.at(-1)?.layer ?? from?.held.layer;
  let beneath = uppermost?.kind === 'artifacts' ? undefined : uppermost?.key;
  // Artifacts lie upon nothing, and are as old as the machine that they are of.
  let expiresAt = uppermost?.expiresAt;
  const restarts = [...(before?.restarts ?? [])];
  let isOver = false;
  let isSpoilt = false;
  // The files of a child are no layer before those of its parent are one.
  let last: Promise<boolean> = Promise.resolve(true);
  // What is being kept. At its end a build waits for none that is flattened, or lies over one that is.
  const [quick, slow] = [new Set<Promise<boolean>>(), new Set<Promise<boolean>>()];
  const own = cleanupStack();
  // What a failed build has kept is finished for the next build; what a cancelled one was keeping is given up.
  const life = new AbortController();
  cleanup.defer(async () => {
    if (ends.aborted) life.abort(ends.reason);
    // Files must not go from below those who write them.
    await Promise.all(quick);
    if (slow.size === 0) {
      await own[Symbol.asyncDispose]();
      if (!isSpoilt || from === undefined) return;
      await from.held[Symbol.asyncDispose]();
      return shelf.discard(from.cut.key);
    }
    if (isSpoilt && from !== undefined) await shelf.discard(from.cut.key);
    for (const held of [...(from === undefined ? [] : [from.held]), ...(before?.held ?? [])]) own.keep(held.again());
    background.attend(Promise.all(slow).then(() => own[Symbol.asyncDispose]()));
  });

  const passed = ({ key }: Cut) => {
    turns.get(key)?.[Symbol.dispose]();
    turns.delete(key);
  };

  const notKept = (cut: Cut, why: string) => {
    passed(cut);
    if (isOver) return false;
    event('layer.not_kept', { step: cut.step, why });
    log(`after ${cut.step} nothing is kept: ${why}`);
    return false;
  };

  /** Makes what is in its place a layer, as soon as what lies beneath it is one. */
  const makeIt = (cut: Cut, making: Making, filled: FilledLayer, seconds: Unfinished['seconds']): void => {
    const parent = beneath;
    expiresAt = expiryOf(cut, clock.now(), expiresAt);
    const layer: NewLayer = {
      ...(parent === undefined || cut.kind === 'artifacts' ? {} : { parent }),
      ...{ step: cut.step, templateName, buildId: id, kind: cut.kind },
      seconds: saved + seconds.made,
      ...(expiresAt === undefined ? {} : { expiresAt }),
      ...{ ingredients: cut.ingredients, facts: filled.facts },
    };
    const { finish, flatten, proof } = filled;
    const isSlow = cut.kind !== 'artifacts' && (flatten !== undefined || slow.size > 0);
    const { signal } = isSlow ? new AbortController() : life;
    // Artifacts lie upon nothing.
    const before = cut.kind === 'artifacts' ? Promise.resolve(true) : last;
    const done = deferred<boolean>();
    if (cut.kind !== 'artifacts') {
      last = done.promise;
      beneath = cut.key;
    }
    lastKept = clock.elapsed();
    const commit = async () => {
      // While the build is there: files of its own go with it.
      if (!(await isStill(cut, signal)))
        return notKept(cut, 'a file that it was made of, or the host, has changed since');
      if (!(await before)) return notKept(cut, 'what lies beneath it could not be kept');
      const finishes = clock.elapsed();
      await finish?.(signal);
      costs.took(cut.kind, memoryMb, seconds.kept + (clock.elapsed() - finishes) / 1000);
      if (flatten !== undefined) await background.run(flatten);
      const why = await proof;
      if (why !== undefined) return notKept(cut, why);
      const held = own.keep(await making.commit(flatten === undefined ? layer : alone(layer), signal));
      passed(cut);
      if (isOver) return true;
      event('layer.kept', {
        ...{ step: cut.step, key: cut.key, kind: cut.kind, bytes: held.layer.bytes },
        seconds: Math.round(seconds.kept * 1000) / 1000,
        ...(filled.stoodStillMs === undefined ? {} : { stoodStillMs: Math.round(filled.stoodStillMs) }),
      });
      log(`kept what there is after ${cut.step}: ${held.layer.bytes} bytes, layer ${cut.key.slice(0, 12)}`);
      return true;
    };
    commit()
      .catch((error: unknown) => notKept(cut, asFault(error).message))
      .then(done.resolve, () => done.resolve(false));
    const those = isSlow ? slow : quick;
    those.add(done.promise);
    void done.promise.then(() => those.delete(done.promise));
  };

  // What an earlier daemon did not come to.
  const unproven = new Map<Cut, (why?: string) => void>();
  for (const { cut, making, filled, seconds, prove } of before?.unfinished ?? []) {
    if (prove !== undefined) unproven.set(cut, prove);
    makeIt(cut, own.keep(making), filled, seconds);
  }

  return {
    cuts,
    isConstant: (part) => constant.has(part),
    spoil: () => {
      isSpoilt = true;
      if (from !== undefined) costs.wasUnusable(from.cut.key);
    },
    ...(wholeKey === undefined ? {} : { wholeKey }),
    ...(from === undefined ? {} : { from }),
    isWorthIt: (cut) =>
      isOpen(cut) &&
      (cut.checkpoint ?? (clock.elapsed() - lastKept) / 1000 > costs.expectedSeconds(cut.kind, memoryMb)),
    isWorthRestart: (cut, steps) => {
      const { checkpoint, provisioners } = cut;
      const asked = { checkpoint, isLast: provisioners === all };
      return isOpen(cut) && isRestartWorthIt(asked, sinceUp(steps, restarts), costs.restartSeconds(templateName));
    },
    restarted: (step, seconds) => {
      restarts.push(step);
      if (seconds !== undefined) costs.restartTook(templateName, seconds);
    },
    keep: async (cut, roomBytes, fill) => {
      if (costs.isUnusable(cut.key)) return notKept(cut, 'no build could go on from what was kept there before');
      const begins = clock.elapsed();
      const making = await shelf.begin(cut.key, roomBytes);
      if (making === undefined) return notKept(cut, 'it is kept already, or there is no room for it');
      // Its files are beneath the disks of this build, whatever becomes of the layer.
      own.keep(making);
      let filled: FilledLayer;
      try {
        filled = await fill(making.folder);
      } catch (error) {
        if (asFault(error).code === 'internal') throw error;
        return notKept(cut, asFault(error).message);
      }
      const seconds = (clock.elapsed() - begins) / 1000;
      makeIt(cut, making, filled, { made: (begins - began) / 1000, kept: seconds });
      return true;
    },
    proofOf: (cut) => unproven.get(cut),
    passed,
    notKept,
    settled: async () => {
      await Promise.all([...quick, ...slow]);
    },
    ended: async () => {
      // Whatever was proven is.
      for (const prove of unproven.values()) prove(neverUp);
      await Promise.all(quick);
      isOver = true;
    },
  };
};
