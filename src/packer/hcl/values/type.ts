import { didYouMean, quoted } from '../../../base/text/nearest.ts';
import { HclError } from '../hcl-error.ts';
import type { At } from '../source.ts';
import type { Budget } from './budget.ts';
import { setOf } from './compare.ts';
import { toBool, toElements, toNumber, toObject, toText } from './convert.ts';
import { objectOf, type Value } from './value.ts';

/** What a variable's `type` says (hashicorp/hcl, ext/typeexpr). */
export type Type =
  | { readonly kind: 'any' | 'string' | 'number' | 'bool' }
  | { readonly kind: 'list' | 'set' | 'map'; readonly of: Type }
  | { readonly kind: 'tuple'; readonly items: readonly Type[] }
  | { readonly kind: 'object'; readonly attributes: ReadonlyMap<string, Field> };

/** An attribute of an object's type. One that is optional is its default, or null, where it is not given. */
export type Field = { readonly type: Type; readonly isOptional: boolean; readonly byDefault: Value };

/** The name of a type, for messages. */
export const typeName = (type: Type): string => {
  if (type.kind === 'list' || type.kind === 'set' || type.kind === 'map') return `${type.kind}(${typeName(type.of)})`;
  return type.kind;
};

type Convert = (value: Value, type: Type) => Value;

const convertObject = (value: Value, attributes: ReadonlyMap<string, Field>, at: At, convert: Convert): Value => {
  const given = toObject(value, at);
  // An attribute that the type does not have is dropped, as cty's conversion does.
  return objectOf(
    [...attributes].map(([name, { type, isOptional, byDefault }]) => {
      const one = given.get(name) ?? null;
      if (!given.has(name) && !isOptional)
        throw new HclError(at, `the attribute ${quoted(name)} is missing: ${didYouMean(name, [...given.keys()])}`);
      return [name, convert(one ?? byDefault, type)] as const;
    }),
  );
};

const convertTuple = (value: Value, items: readonly Type[], at: At, convert: Convert): Value => {
  const elements = toElements(value, at);
  if (elements.length !== items.length)
    throw new HclError(at, `a tuple of ${items.length} elements is needed, and this has ${elements.length}`);
  return items.map((type, index) => convert(elements[index] ?? null, type));
};

/** The value as one of the type. Throws an HclError where there is none. */
export const convertTo = (value: Value, type: Type, at: At, budget: Budget): Value => {
  budget.step(at);
  if (value === null || type.kind === 'any') return value;
  const convert: Convert = (one, inner) => budget.deeper(at, () => convertTo(one, inner, at, budget));
  switch (type.kind) {
    case 'string':
      return toText(value, at);
    case 'number':
      return toNumber(value, at);
    case 'bool':
      return toBool(value, at);
    case 'list':
      return toElements(value, at).map((one) => convert(one, type.of));
    case 'set':
      return setOf(toElements(value, at).map((one) => convert(one, type.of)), at, budget); // prettier-ignore
    case 'map':
      return objectOf([...toObject(value, at)].map(([key, one]) => [key, convert(one, type.of)] as const));
    case 'tuple':
      return convertTuple(value, type.items, at, convert);
    case 'object':
      return convertObject(value, type.attributes, at, convert);
  }
};
