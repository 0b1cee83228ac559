/** The layers of a build that goes on where an earlier daemon was. */

import { join } from 'node:path';
import { cleanupStack, type CleanupStack } from '../../base/cleanup.ts';
import { Fault } from '../../base/fault.ts';
import { deferred } from '../../base/waiting.ts';
import type { BuildLayers, HeldLayer, Making } from '../../layers/types.ts';
import type { Hypervisor } from '../../vmm/types.ts';
import { basesOf, keptBy, keysBeneath, type Journal } from '../take-up/journal.ts';
import type { Cut } from './cuts.ts';
import { MachineFacts } from './facts.ts';
import { finishing } from './finishing.ts';
import { flattening } from './flatten.ts';
import type { FilledLayer, Taken } from './layering.ts';
import { openCuts } from './outcomes.ts';

type Left = Pick<Journal, 'layer' | 'startedAt' | 'ended' | 'restarting'>;

/** A layer whose files are in their place, and which an earlier daemon did not come to make one. */
export type Unfinished = {
  readonly cut: Cut;
  readonly making: Making;
  readonly filled: FilledLayer;
  /** Where it waits for its proof: gives that. */
  readonly prove?: (why?: string) => void;
  /** How long the attempt had taken by then, and how long putting them there took. */
  readonly seconds: { readonly made: number; readonly kept: number };
};

/** What an earlier daemon had made by then, as far as it decides what is kept next. */
export type Before = {
  /** The layers beneath the disks, the uppermost last; those that are unfinished lie over them. */
  readonly held: readonly HeldLayer[];
  readonly unfinished: readonly Unfinished[];
  /** When the attempt began and when something was kept last, Unix milliseconds. */
  readonly startedAt: number;
  readonly keptAt: number;
  /** The names of steps that have started the guest anew. */
  readonly restarts: readonly string[];
};

const gone = (): Fault => new Fault('not_taken_up', 'A layer beneath the disks of the build is not kept any more.');

type Means = {
  readonly shelf: BuildLayers;
  readonly hypervisor: Pick<Hypervisor, 'chains' | 'convertDisk' | 'finishKept'>;
};

type Kept = { readonly facts: unknown } & Pick<Unfinished, 'seconds'>;

/** What a step had put into the folder of a layer; `proof` is due where the guest was to come up from it. */
const keptUnder = (
  key: string,
  { startedAt, ended, restarting }: Left,
): (Kept & { readonly proof?: 'due' }) | undefined => {
  for (const step of ended) {
    const kept = keptBy(step);
    const seconds = { made: (step.startedAt - startedAt) / 1000, kept: (step.endedAt - step.startedAt) / 1000 };
    if (kept?.key === key) return { facts: kept.facts, seconds };
  }
  const kept = restarting?.rested?.kept;
  if (restarting === undefined || kept?.key !== key) return undefined;
  return { facts: kept.facts, seconds: { made: (restarting.askedAt - startedAt) / 1000, kept: 0 }, proof: 'due' };
};

/** Takes up the making of a layer. Throws `not_taken_up` where nothing tells what is in its folder. */
const finish = async (
  { shelf, hypervisor }: Means,
  cut: Cut,
  left: Left,
  cleanup: Pick<CleanupStack, 'keep'>,
): Promise<Unfinished> => {
  const kept = keptUnder(cut.key, left);
  const facts = MachineFacts.safeParse(kept?.facts).data;
  const making = facts && (await shelf.adopt(cut.key));
  if (kept === undefined || facts === undefined || making === undefined) throw gone();
  const { folder } = cleanup.keep(making);
  const disks = facts.disks.map(({ file, format }) => ({ path: join(folder, file), format }));
  const filled = { facts, ...finishing(cut, folder, hypervisor), ...(await flattening(folder, disks, hypervisor)) };
  if (kept.proof === undefined) return { cut, making, filled, seconds: kept.seconds };
  const proof = deferred<string | undefined>();
  return { cut, making, filled: { ...filled, proof: proof.promise }, prove: proof.resolve, seconds: kept.seconds };
};

/**
 * The cuts where something was kept, with their keys as of the attempt's start. A newer imaged computes other keys, but the
 * layers under the disks stay the same.
 */
const cutsThen = async (
  { known }: Pick<BuildLayers, 'known'>,
  cuts: readonly Cut[],
  keys: readonly string[],
  { ended, restarting }: Left,
): Promise<readonly Cut[]> => {
  const kept = [...ended.map(keptBy), restarting?.rested?.kept];
  const made = kept.flatMap((one) => (one?.step === undefined || !keys.includes(one.key) ? [] : [[one.step, one.key]] as const)); // prettier-ignore
  const there = [...(await known(keys)).values()].map(({ step, key }) => [step, key] as const);
  const then = new Map([...made, ...there]);
  return cuts.map((cut) => ({ ...cut, key: then.get(cut.step) ?? cut.key }));
};

/**
 * Holds again what the machine that is there now was made of: the layer that the attempt went on from, and those that it has
 * kept since, finished or not; the caller lets go of all of them. The cuts are given as they were then. Throws `not_taken_up`
 * where one is not kept any more.
 */
export const takeAgain = async (
  means: Means,
  buildId: string,
  now: readonly Cut[],
  left: Left,
): Promise<{ readonly cuts: readonly Cut[]; readonly from: Taken | undefined; readonly before: Before }> => {
  const { shelf } = means;
  const keys = [...(left.layer === undefined ? [] : [left.layer]), ...keysBeneath(left)];
  const cuts = await cutsThen(shelf, now, keys, left);
  const those = cuts.filter(({ key }) => keys.includes(key));
  const known = await shelf.known(those.map(({ key }) => key));
  const taken: Taken[] = [];
  const unfinished: Unfinished[] = [];
  const failing = cleanupStack();
  try {
    for (const cut of those)
      if (known.has(cut.key)) {
        const held = await shelf.take(cut.key, buildId);
        if (held === undefined) throw gone();
        taken.push({ cut, held: failing.keep(held) });
        // What lies over one that is not finished cannot be.
        if (unfinished.length > 0) throw gone();
      } else unfinished.push(await finish(means, cut, left, failing));
    const from = taken.find(({ cut }) => cut.key === left.layer);
    if (from === undefined && left.layer !== undefined) throw gone();
    return {
      cuts,
      from,
      before: {
        ...{ held: taken.filter((one) => one !== from).map(({ held }) => held), unfinished },
        startedAt: left.startedAt,
        keptAt: left.ended.findLast((step) => basesOf(step).length > 0)?.endedAt ?? left.startedAt,
        restarts: left.ended.filter(({ gives }) => gives?.['startedAnew'] === true).map(({ name }) => name),
      },
    };
  } catch (error) {
    await failing[Symbol.asyncDispose]();
    throw error;
  }
};

/** The cuts behind which the plan has not come yet, where something may be kept: that is done by the step after the one that they name. */
export const cutsAhead = (cuts: readonly Cut[], { plan, ended }: Pick<Journal, 'plan' | 'ended'>): readonly Cut[] => {
  const at = plan.findIndex((name) => !ended.some((step) => step.name === name));
  return openCuts(cuts).filter(({ step }) => plan.indexOf(step) >= at - 1);
};

/**
 * The turns of the keys that the build is to make. Another that has begun meanwhile has its own: then this one waits for
 * nothing, as its machine runs.
 */
export const turnsAgain = async (
  shelf: Pick<BuildLayers, 'turn' | 'isBeingMade'>,
  ahead: readonly Cut[],
  signal: AbortSignal,
): Promise<Map<string, Disposable>> => {
  const turns = new Map<string, Disposable>();
  for (const { key } of ahead) if (!shelf.isBeingMade(key)) turns.set(key, await shelf.turn(key, signal));
  return turns;
};
