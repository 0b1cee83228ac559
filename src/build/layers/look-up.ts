/** Finds what a build can go on from, and sees to it that only one at a time makes what is missing. */

import { setImmediate } from 'node:timers/promises';
import { Fault } from '../../base/fault.ts';
import type { BuildLayers } from '../../layers/types.ts';
import type { Attempt } from '../attempt/attempt.ts';
import type { Cut } from './cuts.ts';
import type { Taken } from './layering.ts';
import { cutOutcomes, openCuts, type CutOutcome } from './outcomes.ts';
import { usabilityOf, type Mirrored } from './usable.ts';
import { whyMissing } from './why-missing.ts';

export type LookUpParts = {
  readonly shelf: BuildLayers;
  readonly mirrored: Mirrored;
  readonly now: () => number;
  /** Is told what was found, before anything is thrown for it. */
  readonly found: (outcomes: readonly CutOutcome[], from: Taken | undefined) => void;
};

/** The last of the cuts that is kept and can be used, held; `unusable` is told why others cannot. */
const takeLongest = async (
  cuts: readonly Cut[],
  buildId: string,
  { shelf, mirrored }: LookUpParts,
  unusable: Map<Cut, string>,
  signal: AbortSignal,
): Promise<Taken | undefined> => {
  const known = await shelf.known(cuts.map(({ key }) => key));
  for (const cut of cuts.toReversed()) {
    if (!known.has(cut.key)) continue;
    const held = await shelf.take(cut.key, buildId);
    if (held === undefined) continue;
    const usable = await usabilityOf(held.layer, mirrored, signal);
    if (usable.is === 'yes') return { cut, held };
    unusable.set(cut, usable.why);
    await held[Symbol.asyncDispose]();
    await shelf.discard(cut.key);
  }
  return undefined;
};

/** The turn of a key; tells when another build is at it. */
const turnOf = async (cut: Cut, { event, log }: Attempt, shelf: BuildLayers, signal: AbortSignal) => {
  const asked = shelf.turn(cut.key, signal);
  const first = await Promise.race([asked, setImmediate(undefined)]);
  if (first !== undefined) return first;
  event('layer.awaited', { step: cut.step, key: cut.key });
  log(`another build is at what comes to ${cut.step}: this one waits for it`);
  return asked;
};

/** Tells the first thing that differs from what was kept, wherever in the plan that was. */
const tellMissed = ({ event, log }: Attempt, [first]: readonly Cut[], why: string, shelf: BuildLayers): void => {
  shelf.missed();
  event('layer.missed', { step: first?.step ?? '', key: first?.key ?? '', why });
  log(`nothing is kept from ${first?.step ?? 'here'} on: ${why}`);
};

const tellTaken = ({ event, log }: Attempt, { cut, held }: Taken): void => {
  const { kind, buildId, seconds } = held.layer;
  event('layer.hit', { ...{ step: cut.step, key: cut.key, kind }, build: buildId, savedSeconds: seconds });
  log(`goes on from what build ${buildId} had made after ${cut.step}: ${seconds.toFixed(1)} s are saved`);
};

/** Throws where the build may go on from what is kept alone, and that does not reach so far; `why` is what differs. */
const checkOnly = (cuts: readonly Cut[], outcomes: readonly CutOutcome[], why: string | undefined): void => {
  const at = cuts.findIndex((cut, index) => cut.mode === 'only' && outcomes[index]?.outcome !== 'hit');
  const [missing, outcome] = [cuts[at], outcomes[at]];
  if (missing === undefined) return;
  const reason = (outcome?.outcome === 'miss' ? why : outcome?.why) ?? 'nothing is kept there';
  throw new Fault(
    'nothing_kept',
    `The build may only go on from a kept layer, and there is none after ${missing.step}: ${reason}. Build it once with "cache": "auto".`,
    { expected: `a kept layer after ${missing.step}`, saw: reason },
  );
};

type Found = { readonly from: Taken | undefined; readonly turns: Map<string, Disposable> };

/**
 * What the build goes on from, and the turns of the keys that it is to make: other builds with the same keys wait until it
 * has, or until it has ended. Throws `nothing_kept`, and the signal's reason.
 */
// One function, though long: it lets the turns go whatever happens.
export const lookUp = async (
  attempt: Attempt,
  cuts: readonly Cut[],
  parts: LookUpParts,
  signal: AbortSignal,
): Promise<Found> => {
  const { shelf } = parts;
  const { id, templateName } = attempt.claim.build;
  const open = openCuts(cuts);
  const closed = cuts[open.length];
  if (closed?.changes !== undefined) attempt.event('layer.not_kept', { step: closed.step, why: closed.changes });
  const turns = new Map<string, Disposable>();
  try {
    const known = await shelf.known(open.map(({ key }) => key));
    const reached = open.findLastIndex(({ key }) => known.has(key));
    for (const cut of open.slice(reached + 1)) turns.set(cut.key, await turnOf(cut, attempt, shelf, signal));
    const unusable = new Map<Cut, string>();
    const from = await takeLongest(open, id, parts, unusable, signal);
    const at = from === undefined ? -1 : open.indexOf(from.cut);
    for (const { key } of open.slice(0, at + 1)) {
      turns.get(key)?.[Symbol.dispose]();
      turns.delete(key);
    }
    const missing = open.slice(at + 1);
    const why = await whyMissing(missing, unusable, templateName, shelf, parts.now());
    const outcomes = cutOutcomes(cuts, at, missing, why);
    parts.found(outcomes, from);
    if (missing.length > 0) tellMissed(attempt, missing, why.at(-1) ?? '', shelf);
    checkOnly(cuts, outcomes, why.at(-1));
    if (from !== undefined) tellTaken(attempt, from);
    return { from, turns };
  } catch (error) {
    for (const turn of turns.values()) turn[Symbol.dispose]();
    throw error;
  }
};
