import { quoted } from '../../../base/text/nearest.ts';
import { within, type HclScope } from '../evaluate/scope.ts';
import { HclError, type Problems } from '../hcl-error.ts';
import type { PlainValue } from '../values/plain.ts';
import type { ScopedBlock } from './dynamic.ts';
import { isFor } from './only-except.ts';
import { recordOf, type Placed } from './placed.ts';
import { plainBody } from './plain-body.ts';
import { referenceOf, type Use } from './uses.ts';

/** A provisioner or a post-processor as one source has it; undefined where it is not for that source. */
export const itemOf = (one: ScopedBlock, use: Use, scope: HclScope, problems: Problems): Placed | undefined => {
  const { at, type, labels, body } = one.block;
  const [label] = labels;
  if (label === undefined || labels.length > 1)
    throw new HclError(labels[1]?.at ?? at, `${quoted(type)} takes one label, which is its type`);
  const wrong = body.attributes.find(({ name }) => name === 'type');
  if (wrong !== undefined) throw new HclError(wrong.at, `the type of ${quoted(type)} is its label`);
  const parts = plainBody(body, within(scope, one.names), problems);
  const find = (key: string): PlainValue | undefined => parts.find(([name]) => name === key)?.[1].value;
  if (!isFor({ at, only: find('only'), except: find('except') }, referenceOf(use))) return undefined;
  return recordOf(at, [
    ['type', { value: label.text, places: [['', label.at]] }],
    ...parts.filter(([key]) => key !== 'only' && key !== 'except'),
  ]);
};

/** A provisioner whose `override` goes by the names of sources: those of the builders are put in their place. */
export const renamed = (item: Placed, names: ReadonlyMap<string, readonly string[]>): Placed => {
  const { override } = item.value;
  const at = item.places.find(([pointer]) => pointer === '/override')?.[1];
  if (override === undefined || at === undefined) return item;
  if (typeof override !== 'object' || override === null || Array.isArray(override))
    throw new HclError(at, 'override is an object: what it holds for each source, by the name of the source');
  const entries = Object.entries(override).flatMap(([name, keys]) =>
    (names.get(name) ?? []).map((builder) => [builder, keys] as const),
  );
  const { override: _, ...others } = item.value;
  // Without a source of such a name it overrides nothing, as in Packer.
  return entries.length === 0
    ? { ...item, value: others }
    : { ...item, value: { ...item.value, override: Object.fromEntries(entries) } };
};
