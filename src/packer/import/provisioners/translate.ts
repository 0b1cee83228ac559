import { pointerTo } from '../../../base/json/pointer.ts';
import { bounds } from '../../../base/bounds.ts';
import { didYouMean, quoted } from '../../../base/text/nearest.ts';
import { durationOf } from '../../../base/units.ts';
import type { ImportDraft } from '../draft.ts';
import { isObject, judgeKeys, makeKeys, type ImportKeys, type KeyLayer, type KeyReading } from '../keys.ts';
import { isFor, judgeOverride, judgeSelection } from '../selection.ts';
import type { MadeProvisioners } from './kinds.ts';
import { provisionerKinds } from './table.ts';

/** A builder as provisioners know it: `raw` is its name as it is written. */
export type ProvisionerTarget = { readonly raw: string; readonly type: string; readonly draft: ImportDraft };

/** A provisioner as the template has it. */
export type Listed = KeyLayer;

const layersFor = ({ object, pointer }: Listed, { raw }: ProvisionerTarget): readonly [KeyLayer, ...KeyLayer[]] => {
  const { override } = object;
  const own = isObject(override) ? override[raw] : undefined;
  const first = { object, pointer };
  return isObject(own) ? [first, { object: own, pointer: `${pointer}${pointerTo(['override', raw])}` }] : [first];
};

/** The list of provisioners, and the one that cleans up; what is no object becomes a field error. */
export const listProvisioners = (given: unknown, names: readonly string[], reading: KeyReading): readonly Listed[] => {
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
  reading: KeyReading,
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
type Work = { readonly made: readonly MadeProvisioners[]; readonly pauseMs: number };

const pauseAt = (keys: ImportKeys, key: string, { wrong }: KeyReading): number => {
  const text = keys.known(key);
  return text === undefined || text === '' ? 0 : wrong.attempt(keys.at(key), 0, () => durationOf(text, 0));
};

const workOf = (listed: Listed, target: ProvisionerTarget, reading: KeyReading): Work => {
  const keys: ImportKeys = makeKeys(layersFor(listed, target), reading);
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
const afterPause = (made: MadeProvisioners, pauseMs: number, { fill, wrong }: KeyReading): MadeProvisioners => {
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
const nothing = (from: string): MadeProvisioners => [
  { key: 'type', value: 'shell', from },
  { key: 'name', value: 'pause', from },
  { key: 'inline', value: [':'], from },
];

const putMade = (
  draft: ImportDraft,
  path: readonly (string | number)[],
  made: MadeProvisioners,
  from: string,
): void => {
  draft.put(path, {}, from);
  for (const { key, value, from: own } of made) draft.put([...path, key], value, own);
};

/** The provisioners that are for this builder, in order, each with the place of what it is made of. */
const madeInOrder = (
  all: readonly Listed[],
  target: ProvisionerTarget,
  reading: KeyReading,
): readonly (readonly [MadeProvisioners, string])[] => {
  let pauseMs = 0;
  let last = '';
  const list: (readonly [MadeProvisioners, string])[] = [];
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
export const putProvisioners = (
  all: readonly Listed[],
  target: ProvisionerTarget,
  reading: KeyReading,
): readonly string[] => {
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
export const putCleanup = (listed: Listed, target: ProvisionerTarget, reading: KeyReading): void => {
  const [made, more] = workOf(listed, target, reading).made;
  if (more !== undefined) reading.wrong.add(listed.pointer, 'has several "sources": one provisioner cleans up');
  if (made !== undefined) putMade(target.draft, ['error_cleanup_provisioner'], made, listed.pointer);
};
