import { didYouMean, quoted } from '../../../base/text/nearest.ts';
import { HclError } from '../hcl-error.ts';
import type { At } from '../source.ts';
import type { Expression } from '../syntax/ast.ts';
import type { Field, Type } from './type.ts';
import type { Value } from './value.ts';

const simple = ['any', 'string', 'number', 'bool'] as const;
const collections = ['list', 'set', 'map'] as const;
const names = [...simple, ...collections, 'tuple', 'object'];

/** Works out the default of an optional attribute, which is a constant. */
type Evaluate = (expression: Expression) => Value;

const notAType = (at: At, found: string): never => {
  throw new HclError(at, `${quoted(found)} is no type: ${didYouMean(found, names)}`);
};

const fieldOf = (expression: Expression, evaluate: Evaluate): Field => {
  if (expression.kind !== 'call' || expression.name !== 'optional')
    return { type: readType(expression, evaluate), isOptional: false, byDefault: null };
  const [type, byDefault] = expression.args;
  if (type === undefined || expression.args.length > 2)
    throw new HclError(expression.at, 'optional() takes a type, and a default if there is one');
  return {
    type: readType(type, evaluate),
    isOptional: true,
    byDefault: byDefault === undefined ? null : evaluate(byDefault),
  };
};

const compound = (expression: Extract<Expression, { kind: 'call' }>, evaluate: Evaluate): Type => {
  const { name, at, args } = expression;
  const [inner] = args;
  const kind = collections.find((one) => one === name);
  if (kind === undefined && name !== 'tuple' && name !== 'object') return notAType(at, name);
  if (inner === undefined || args.length !== 1) throw new HclError(at, `${name}() takes one argument`);
  if (kind !== undefined) return { kind, of: readType(inner, evaluate) };
  if (name === 'tuple') {
    if (inner.kind !== 'list')
      throw new HclError(inner.at, 'tuple() takes a list of types, as in tuple([string, number])');
    return { kind: 'tuple', items: inner.items.map((item) => readType(item, evaluate)) };
  }
  if (inner.kind !== 'object')
    throw new HclError(inner.at, 'object() takes attributes and their types, as in object({ name = string })');
  const attributes = inner.items.map(({ key, value }): readonly [string, Field] => {
    if (key.kind !== 'literal') throw new HclError(key.at, 'the name of an attribute is a constant');
    return [String(key.value), fieldOf(value, evaluate)];
  });
  return { kind: 'object', attributes: new Map(attributes) };
};

/** Reads a type, which is an expression in the grammar and none in meaning. Throws an HclError. */
export const readType = (expression: Expression, evaluate: Evaluate): Type => {
  const { at } = expression;
  if (expression.kind === 'call') return compound(expression, evaluate);
  if (expression.kind === 'literal' && typeof expression.value === 'string')
    throw new HclError(at, `a type stands without quotes: write ${expression.value}`);
  if (expression.kind !== 'name') throw new HclError(at, `a type is due here: ${names.join(', ')}`);
  const kind = simple.find((one) => one === expression.name);
  if (kind !== undefined) return { kind };
  // The old short forms: of anything.
  const collection = collections.find((one) => one === expression.name);
  return collection === undefined ? notAType(at, expression.name) : { kind: collection, of: { kind: 'any' } };
};
