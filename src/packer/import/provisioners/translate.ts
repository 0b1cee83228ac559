import { bounds } from '../../../base/bounds.ts';
import { didYouMean, quoted } from '../../../base/text/nearest.ts';
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
  const key = raw.replaceAll('~', '~0').replaceAll('/', '~1');
  const first = { object, pointer };
  return isObject(own) ? [first, { object: own, pointer: `${pointer}/override/${key}` }] : [first];
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

const madeOf = (listed: Listed, target: Target, reading: Reading): readonly Made[] => {
  const keys: Keys = makeKeys(layersFor(listed, target), reading);
  if (!isFor(keys, target.raw)) return [];
  const { type } = listed.object;
  if (typeof type !== 'string') return [];
  const kind = provisionerKinds[type];
  if (kind === undefined) return [];
  if (kind.rules !== undefined) judgeKeys(keys, kind.rules, `the provisioner ${quoted(type)}`, reading);
  return kind.make(keys, { reading, builderType: target.type });
};

const putMade = (draft: Draft, path: readonly (string | number)[], made: Made, from: string): void => {
  draft.put(path, {}, from);
  for (const { key, value, from: own } of made) draft.put([...path, key], value, own);
};

/** The provisioners that are for this builder, in order. Gives the names of the files that they download. */
export const putProvisioners = (all: readonly Listed[], target: Target, reading: Reading): readonly string[] => {
  let index = 0;
  const downloads: string[] = [];
  for (const listed of all)
    for (const made of madeOf(listed, target, reading)) {
      if (index === bounds.provisioners) {
        reading.wrong.add(listed.pointer, `is one of more than ${bounds.provisioners} provisioners of a machine`);
        return downloads;
      }
      putMade(target.draft, ['provisioners', index], made, listed.pointer);
      index += 1;
      const valueOf = (name: string) => made.find(({ key }) => key === name)?.value;
      const destination = valueOf('destination');
      if (valueOf('direction') === 'download' && typeof destination === 'string') downloads.push(destination);
    }
  return downloads;
};

/** The provisioner that runs when another one has failed. */
export const putCleanup = (listed: Listed, target: Target, reading: Reading): void => {
  const [made, more] = madeOf(listed, target, reading);
  if (more !== undefined) reading.wrong.add(listed.pointer, 'has several "sources": one provisioner cleans up');
  if (made !== undefined) putMade(target.draft, ['error_cleanup_provisioner'], made, listed.pointer);
};
