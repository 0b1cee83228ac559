import { quoted } from '../../../base/text/nearest.ts';
import { evaluate } from '../evaluate/evaluate.ts';
import { within, type HclScope } from '../evaluate/scope.ts';
import { HclError, type Problems } from '../hcl-error.ts';
import type { At } from '../source.ts';
import type { Attribute, HclBody, Expression } from '../syntax/ast.ts';
import { toPlain, type PlainValue } from '../values/plain.ts';
import { expandBlocks, type ScopedBlock } from './dynamic.ts';
import { below, listOf, recordOf, type Placed, type Places } from './placed.ts';

/** Where the parts of a list or an object stand that is written out. */
const placesIn = (expression: Expression): Places => {
  if (expression.kind === 'list')
    return expression.items.flatMap((item, index): Places => [[`/${index}`, item.at], ...below(index, placesIn(item))]);
  if (expression.kind !== 'object') return [];
  return expression.items.flatMap(({ key, value }): Places =>
    key.kind === 'literal' ? [...below(String(key.value), [['', key.at], ...placesIn(value)])] : [],
  );
};

/** The value of an attribute, undefined where it is null: as if it was not there. */
const plainAttribute = ({ at, value }: Attribute, scope: HclScope): Placed<PlainValue> | undefined => {
  const found = evaluate(value, scope);
  if (found === null) return undefined;
  return { value: toPlain(found, value.at, scope.world.budget), places: [['', at], ...placesIn(value)] };
};

const refuseProto = (name: string, at: At): void => {
  if (name === '__proto__') throw new HclError(at, '"__proto__" is no key for a document');
};

const ofBlock = ({ block, names }: ScopedBlock, scope: HclScope, problems: Problems): Placed => {
  refuseProto(block.type, block.at);
  const [label] = block.labels;
  if (label !== undefined) throw new HclError(label.at, `a block ${quoted(block.type)} takes no labels here`);
  return scope.world.budget.deeper(block.at, () =>
    recordOf(block.at, plainBody(block.body, within(scope, names), problems)),
  );
};

/** One block of a type is an object; several are a list of them, as Packer's decoder takes both for either. */
const ofBlocks = (
  body: HclBody,
  scope: HclScope,
  problems: Problems,
): readonly (readonly [string, Placed<PlainValue>])[] => {
  const byType = new Map<string, Placed[]>();
  for (const one of expandBlocks(body.blocks, scope)) {
    const { type, at } = one.block;
    if (body.attributes.some(({ name }) => name === type))
      throw new HclError(at, `${quoted(type)} is an attribute already: it cannot be a block as well`);
    const placed = problems.attempt(() => ofBlock(one, scope, problems));
    const others = byType.get(type) ?? [];
    byType.set(type, others);
    if (placed !== undefined) others.push(placed);
  }
  return [...byType].map(([type, all]) => {
    const [first, second] = all;
    return [type, first !== undefined && second === undefined ? first : listOf(all)] as const;
  });
};

/** A body as keys and values: its attributes, then its blocks. What is wrong in one of them does not hide what is in others. */
export const plainBody = (
  body: HclBody,
  scope: HclScope,
  problems: Problems,
): readonly (readonly [string, Placed<PlainValue>])[] => {
  const attributes = body.attributes.flatMap((attribute): readonly (readonly [string, Placed<PlainValue>])[] => {
    const placed = problems.attempt(() => {
      refuseProto(attribute.name, attribute.at);
      return plainAttribute(attribute, scope);
    });
    return placed === undefined ? [] : [[attribute.name, placed]];
  });
  return [...attributes, ...(problems.attempt(() => ofBlocks(body, scope, problems)) ?? [])];
};
