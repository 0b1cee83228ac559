import type { FieldErrors } from '../../base/field-errors.ts';
import { pointerTo } from '../../base/json/pointer.ts';
import { didYouMean, quoted } from '../../base/text/nearest.ts';
import { isObject, type ImportKeys } from './keys.ts';

const judgeName = (name: string, at: string, names: readonly string[], wrong: FieldErrors): void => {
  if (!names.includes(name))
    wrong.add(at, `is ${quoted(name)}, and no builder has that name: ${didYouMean(name, names)}`);
};

/** For which builders a provisioner or post-processor is: `only` and `except`, by the builders' names as written. */
export const judgeSelection = (keys: ImportKeys, names: readonly string[], wrong: FieldErrors): void => {
  if (keys.raw('only') !== undefined && keys.raw('except') !== undefined)
    wrong.add(keys.at('except'), 'stands beside "only": use one of them');
  for (const key of ['only', 'except'])
    for (const { text, at } of keys.list(key) ?? []) judgeName(text, at, names, wrong);
};

/** What a provisioner is for single builders: `override`, by their names as written. */
export const judgeOverride = (keys: ImportKeys, names: readonly string[], wrong: FieldErrors): void => {
  const override = keys.raw('override');
  if (override === undefined) return;
  if (!isObject(override)) wrong.add(keys.at('override'), 'must be an object of builders and their keys');
  for (const { name, at } of entriesOf(override, keys.at('override'))) judgeName(name, at, names, wrong);
};

const entriesOf = (value: unknown, at: string) =>
  isObject(value) ? Object.keys(value).map((name) => ({ name, at: `${at}${pointerTo([name])}` })) : [];

/** Whether it is for this builder. */
export const isFor = (keys: ImportKeys, name: string): boolean => {
  const only = keys.list('only');
  const except = keys.list('except');
  if (only !== undefined && only.length > 0) return only.some(({ text }) => text === name);
  return except === undefined || !except.some(({ text }) => text === name);
};
