/** Finds what a build can go on from, and sees to it that only one at a time makes what is missing. */

import { setImmediate } from 'node:timers/promises';
import { Fault } from '../../base/fault.ts';
import { whyMissed } from '../../layers/keys/why.ts';
import type { BuildLayers, HeldLayer } from '../../layers/types.ts';
import type { Attempt } from '../attempt.ts';
import { isOpen, type Cut } from './cuts.ts';
import { ArtifactFacts, factsOf, MachineFacts } from './facts.ts';
import type { Taken } from './layering.ts';

export type LookUpParts = {
  readonly shelf: BuildLayers;
  /** SHA-256 of what the mirror would give now; undefined: nothing. */
  readonly mirrored: (path: string, signal: AbortSignal) => Promise<string | undefined>;
};

// A hundred provisioners may have a hundred layers each.
const mostCompared = 20;

/** Whether what went into a layer beside its key is still the same, and this imaged can read what is said of it. */
const isUsable = async ({ layer }: HeldLayer, { mirrored }: LookUpParts, signal: AbortSignal): Promise<boolean> => {
  if (layer.kind === 'artifacts') return factsOf(ArtifactFacts, layer) !== undefined;
  const facts = factsOf(MachineFacts, layer);
  if (facts === undefined) return false;
  for (const { path, sha256 } of facts.sets) if ((await mirrored(path, signal)) !== sha256) return false;
  return true;
};

/** The open cuts, in the order of the plan, as far as the first at which nothing may be taken. */
const openCuts = (cuts: readonly Cut[]): readonly Cut[] => {
  const closed = cuts.findIndex((cut) => !isOpen(cut));
  return closed < 0 ? cuts : cuts.slice(0, closed);
};

/** The last of the cuts that is kept and can be used, held. */
const takeLongest = async (
  cuts: readonly Cut[],
  buildId: string,
  parts: LookUpParts,
  signal: AbortSignal,
): Promise<Taken | undefined> => {
  const { shelf } = parts;
  const known = await shelf.known(cuts.map(({ key }) => key));
  for (const cut of cuts.toReversed()) {
    if (!known.has(cut.key)) continue;
    const held = await shelf.take(cut.key, buildId);
    if (held === undefined) continue;
    if (await isUsable(held, parts, signal)) return { cut, held };
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
const tellMissed = async (attempt: Attempt, missing: readonly Cut[], shelf: BuildLayers): Promise<string> => {
  const { event, log, claim } = attempt;
  const [first] = missing;
  const all = missing.at(-1)?.ingredients ?? [];
  const near = await Promise.all(
    missing.slice(-mostCompared).map(({ step }) => shelf.nearest(claim.build.templateName, step, undefined)),
  );
  const why = whyMissed(all, near.flat());
  shelf.missed();
  event('layer.missed', { step: first?.step ?? '', key: first?.key ?? '', why });
  log(`nothing is kept from ${first?.step ?? 'here'} on: ${why}`);
  return why;
};

const tellTaken = ({ event, log }: Attempt, { cut, held }: Taken): void => {
  const { kind, buildId, seconds } = held.layer;
  event('layer.hit', { ...{ step: cut.step, key: cut.key, kind }, build: buildId, savedSeconds: seconds });
  log(`goes on from what build ${buildId} had made after ${cut.step}: ${seconds.toFixed(1)} s are saved`);
};

/** Throws where the build may go on from what is kept alone, and that does not reach so far. */
const checkOnly = (cuts: readonly Cut[], taken: Taken | undefined, why: string | undefined): void => {
  const reached = taken === undefined ? -1 : cuts.indexOf(taken.cut);
  const missing = cuts.find((cut, at) => cut.mode === 'only' && at > reached);
  if (missing === undefined) return;
  const reason = missing.changes ?? why ?? 'nothing is kept there';
  throw new Fault(
    'nothing_kept',
    `The build may only go on from a kept layer, and there is none after ${missing.step}: ${reason}. Build it once with "cache": "auto".`,
    { expected: `a kept layer after ${missing.step}`, saw: reason },
  );
};

/**
 * What the build goes on from, and the turns of the keys that it is to make: other builds with the same keys wait until it
 * has, or until it has ended. Throws `nothing_kept`, and the signal's reason.
 */
export const lookUp = async (
  attempt: Attempt,
  cuts: readonly Cut[],
  parts: LookUpParts,
  signal: AbortSignal,
): Promise<{ readonly from: Taken | undefined; readonly turns: Map<string, Disposable> }> => {
  const { shelf } = parts;
  const { id } = attempt.claim.build;
  const open = openCuts(cuts);
  const closed = cuts[open.length];
  if (closed?.changes !== undefined) attempt.event('layer.not_kept', { step: closed.step, why: closed.changes });
  const turns = new Map<string, Disposable>();
  try {
    const known = await shelf.known(open.map(({ key }) => key));
    const reached = open.findLastIndex(({ key }) => known.has(key));
    for (const cut of open.slice(reached + 1)) turns.set(cut.key, await turnOf(cut, attempt, shelf, signal));
    const from = await takeLongest(open, id, parts, signal);
    const at = from === undefined ? -1 : open.indexOf(from.cut);
    for (const { key } of open.slice(0, at + 1)) {
      turns.get(key)?.[Symbol.dispose]();
      turns.delete(key);
    }
    const missing = open.slice(at + 1);
    const why = missing.length === 0 ? undefined : await tellMissed(attempt, missing, shelf);
    checkOnly(cuts, from, why);
    if (from !== undefined) tellTaken(attempt, from);
    return { from, turns };
  } catch (error) {
    for (const turn of turns.values()) turn[Symbol.dispose]();
    throw error;
  }
};
