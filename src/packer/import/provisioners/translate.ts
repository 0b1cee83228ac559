import { pointerTo } from '../../../base/json/pointer.ts';
import { bounds } from '../../../base/bounds.ts';
import { didYouMean, quoted } from '../../../base/text/nearest.ts';
import { durationOf } from '../../../base/units.ts';
import type { Draft } from '../draft.ts';
import { isObject, judgeKeys, makeKeys, type Keys, type Layer, type Reading } from '../keys.ts';
import { isFor, judgeOverride, judgeSelection } from '../selection.ts';
import type { Made } from './kinds.ts';
import { provisionerKinds } from './table.ts';

/** A builder as provisioners know it: `raw` is its name as it is written. */
export type Target = { readonly raw: string; readonly type: string; readonly draft: Draft };

/** A provisioner as the template has it. */
export type Listed = Layer;

const layersFor = ({ object, pointer }: Listed, { raw }: Target): readonly [Layer, ...Layer[]] => {
  const { override } = object;
  const own = isObject(override) ? override[raw] : undefined;
  const first = { object, pointer };
  return isObject(own) ? [first, { object: own, pointer: `${pointer}${pointerTo(['override', raw])}` }] : [first];
};

/** The list of provisioners, and the one that cleans up; what is no object becomes a field error. */
export const listProvisioners = (given: unknown, names: readonly string[], reading: Reading): readonly Listed[] => {
  const { wrong } = reading;
  if (given === undefined || given === null) return [];
  if (!Array.isArray(given)) {
    wrong.add('/provisioners', 'must be a list');
    return [];
  }
  if (given.length > bounds.provisioners) wrong.add('/provisioners', `has more than ${bounds.provisioners} entries`);
  return given.slice(0, bounds.provisioners).flatMap((object: unknown, index) => {
    const listed = listOne(object, `/provisioners/${index}`, names, reading);
    return listed === undefined ? [] : [listed];
  });
};

/** One provisioner; undefined, after a field error, when it is none. */
export const listOne = (
  object: unknown,
  pointer: string,
  names: readonly string[],
  reading: Reading,
): Listed | undefined => {
  const { wrong } = reading;
  if (!isObject(object)) {
    wrong.add(pointer, 'must be an object with a "type"');
    return undefined;
  }
  const { type } = object;
  const types = Object.keys(provisionerKinds);
  if (typeof type !== 'string') wrong.add(pointer, 'has no "type"');
  else if (!types.includes(type))
    wrong.add(`${pointer}/type`, `is ${quoted(type)}, and there is no such provisioner: ${didYouMean(type, types)}`);
  else {
    const keys = makeKeys([{ object, pointer }], reading);
    judgeSelection(keys, names, wrong);
    judgeOverride(keys, names, wrong);
    return { object, pointer };
  }
  return undefined;
};

/** What stands in the place of a provisioner, and how long the build waits behind it. */
type Work = { readonly made: readonly Made[]; readonly pauseMs: number };

const pauseAt = (keys: Keys, key: string, { wrong }: Reading): number => {
  const text = keys.known(key);
  return text === undefined || text === '' ? 0 : wrong.attempt(keys.at(key), 0, () => durationOf(text, 0));
};

const workOf = (listed: Listed, target: Target, reading: Reading): Work => {
  const keys: Keys = makeKeys(layersFor(listed, target), reading);
  const { type } = listed.object;
  const none: Work = { made: [], pauseMs: 0 };
  if (typeof type !== 'string' || !isFor(keys, target.raw)) return none;
  const kind = provisionerKinds[type];
  if (kind === undefined) return none;
  if (kind.rules !== undefined) judgeKeys(keys, kind.rules, `the provisioner ${quoted(type)}`, reading);
  const pauses = (kind.pauses ?? []).map((key) => pauseAt(keys, key, reading));
  return {
    made: kind.make(keys, { reading, builderType: target.type }),
    pauseMs: pauses.reduce((sum, ms) => sum + ms, 0),
  };
};

/** A provisioner that begins later, by what the ones before it ask the build to wait. */
const afterPause = (made: Made, pauseMs: number, { fill, wrong }: Reading): Made => {
  if (pauseMs === 0) return made;
  const own = made.find(({ key }) => key === 'pause_before');
  const from = own?.from ?? made[0]?.from ?? '';
  const given = typeof own?.value === 'string' ? own.value : '0s';
  const ownMs = wrong.attempt(from, undefined, () => {
    const filled = fill(given);
    return filled === undefined ? undefined : durationOf(filled, 0);
  });
  // What is not known yet is left as it is.
  if (ownMs === undefined) return made;
  return [
    ...made.filter(({ key }) => key !== 'pause_before'),
    { key: 'pause_before', value: `${ownMs + pauseMs}ms`, from },
  ];
};

/** A provisioner that does nothing, for a pause behind the last. */
const nothing = (from: string): Made => [
  { key: 'type', value: 'shell', from },
  { key: 'name', value: 'pause', from },
  { key: 'inline', value: [':'], from },
];

const putMade = (draft: Draft, path: readonly (string | number)[], made: Made, from: string): void => {
  draft.put(path, {}, from);
  for (const { key, value, from: own } of made) draft.put([...path, key], value, own);
};

/** The provisioners that are for this builder, in order, each with the place of what it is made of. */
const madeInOrder = (
  all: readonly Listed[],
  target: Target,
  reading: Reading,
): readonly (readonly [Made, string])[] => {
  let pauseMs = 0;
  let last = '';
  const list: (readonly [Made, string])[] = [];
  for (const listed of all) {
    const work = workOf(listed, target, reading);
    for (const [at, made] of work.made.entries())
      list.push([at === 0 ? afterPause(made, pauseMs, reading) : made, listed.pointer]);
    pauseMs = (work.made.length > 0 ? 0 : pauseMs) + work.pauseMs;
    if (work.pauseMs > 0) last = listed.pointer;
  }
  if (pauseMs === 0) return list;
  if (target.draft.document()['communicator'] !== undefined)
    return [...list, [afterPause(nothing(last), pauseMs, reading), last]];
  reading.notes.add(last, 'pauses behind the last provisioner of a machine that the build does not log in to: it is not waited'); // prettier-ignore
  return list;
};

/** The provisioners that are for this builder. Gives the names of the files that they download. */
export const putProvisioners = (all: readonly Listed[], target: Target, reading: Reading): readonly string[] => {
  const downloads: string[] = [];
  for (const [index, [made, from]] of madeInOrder(all, target, reading).entries()) {
    if (index === bounds.provisioners) {
      reading.wrong.add(from, `is one of more than ${bounds.provisioners} provisioners of a machine`);
      return downloads;
    }
    putMade(target.draft, ['provisioners', index], made, from);
    const valueOf = (name: string) => made.find(({ key }) => key === name)?.value;
    const destination = valueOf('destination');
    if (valueOf('direction') === 'download' && typeof destination === 'string') downloads.push(destination);
  }
  return downloads;
};

/** The provisioner that runs when another one has failed. */
export const putCleanup = (listed: Listed, target: Target, reading: Reading): void => {
  const [made, more] = workOf(listed, target, reading).made;
  if (more !== undefined) reading.wrong.add(listed.pointer, 'has several "sources": one provisioner cleans up');
  if (made !== undefined) putMade(target.draft, ['error_cleanup_provisioner'], made, listed.pointer);
};
