import { didYouMean, quoted } from '../../../base/text/nearest.ts';
import { evaluate } from '../evaluate/evaluate.ts';
import { scopeOf, type Namespace, type World } from '../evaluate/scope.ts';
import { notSet } from '../../environment.ts';
import { HclError, type Problems } from '../hcl-error.ts';
import type { At } from '../source.ts';
import type { Attribute, HclBlock, Expression } from '../syntax/ast.ts';
import { toBool, toText } from '../values/convert.ts';
import { readType } from '../values/read-type.ts';
import { convertTo, typeName, type Type } from '../values/type.ts';
import { isObject, type Value } from '../values/value.ts';

/** A variable as its block declares it. */
export type Variable = {
  readonly name: string;
  readonly at: At;
  readonly type: Type;
  /** Undefined where a value must be given. */
  readonly byDefault: Value | undefined;
  readonly isSensitive: boolean;
  readonly description?: string;
  readonly validations: readonly Validation[];
};

/** `at` is where its condition is set. */
export type Validation = { readonly at: At; readonly condition: Expression; readonly message: Expression };

const keys = ['type', 'default', 'description', 'sensitive', 'validation'];

/** The type of a variable that names none: that of its default, of which a list may have more elements and a map more keys. */
const typeOf = (value: Value | undefined): Type => {
  if (typeof value === 'string' || value === undefined) return { kind: value === undefined ? 'any' : 'string' };
  if (typeof value === 'number') return { kind: 'number' };
  if (typeof value === 'boolean') return { kind: 'bool' };
  if (value === null) return { kind: 'any' };
  return { kind: isObject(value) ? 'map' : 'list', of: { kind: 'any' } };
};

/** A value as one of a type, told at the place of what gave it. Throws an HclError. */
export const ofType = (value: Value, type: Type, at: At, world: World): Value => {
  try {
    return convertTo(value, type, at, world.budget);
  } catch (error) {
    if (error instanceof HclError && error.constructor === HclError)
      throw new HclError(at, `is no ${typeName(type)}, as the type of the variable asks for: ${error.message}`);
    throw error;
  }
};

const validationOf = (block: HclBlock): Validation => {
  const find = (name: string): Attribute => {
    const found = block.body.attributes.find((one) => one.name === name);
    if (found === undefined) throw new HclError(block.at, `a validation needs ${quoted(name)}`);
    return found;
  };
  const unknown = block.body.attributes.find(({ name }) => name !== 'condition' && name !== 'error_message');
  if (unknown !== undefined) throw new HclError(unknown.at, 'a validation has condition and error_message alone');
  const condition = find('condition');
  return { at: condition.at, condition: condition.value, message: find('error_message').value };
};

/** A variable of a `variable` block. Throws an HclError. */
const declared = (block: HclBlock, world: World): Variable => {
  const name = block.labels[0]?.text ?? '';
  const constants = scopeOf(world, {});
  const find = (key: string) => block.body.attributes.find((one) => one.name === key);
  const unknown =
    block.body.attributes.find((one) => !keys.includes(one.name)) ??
    block.body.blocks.find(({ type }) => type !== 'validation');
  if (unknown !== undefined) {
    const word = 'name' in unknown ? unknown.name : unknown.type;
    throw new HclError(unknown.at, `${quoted(word)} is nothing that a variable has: ${didYouMean(word, keys)}`);
  }
  const [type, byDefault, sensitive, description] = ['type', 'default', 'sensitive', 'description'].map(find);
  const given = byDefault === undefined ? undefined : evaluate(byDefault.value, constants);
  const known = type === undefined ? typeOf(given) : readType(type.value, (one) => evaluate(one, constants));
  const about =
    description === undefined ? undefined : toText(evaluate(description.value, constants), description.value.at);
  return {
    name,
    at: block.at,
    type: known,
    byDefault: given === undefined ? undefined : ofType(given, known, byDefault?.value.at ?? block.at, world),
    isSensitive: sensitive !== undefined && toBool(evaluate(sensitive.value, constants), sensitive.value.at),
    ...(about === undefined ? {} : { description: about }),
    validations: block.body.blocks.map(validationOf),
  };
};

/** Variables of the old `variables` block, each a name and its default. */
const listed = ({ body }: HclBlock, world: World): readonly Variable[] =>
  body.attributes.map(({ name, at, value }) => {
    const byDefault = evaluate(value, scopeOf(world, {}));
    return { name, at, type: typeOf(byDefault), byDefault, isSensitive: false, validations: [] };
  });

/** All variables, by name. What is wrong with one is added to the problems; `note` is told of what has no meaning here. */
export const declareVariables = (
  blocks: { readonly variable: readonly HclBlock[]; readonly variables: readonly HclBlock[] },
  world: World,
  problems: Problems,
  note: (at: At, message: string) => void,
): ReadonlyMap<string, Variable> => {
  const env: World['env'] = (name, at) => {
    note(at, notSet(`env(${quoted(name)})`));
    return '';
  };
  const withEnv = { ...world, env };
  const found = new Map<string, Variable>();
  const all = [
    ...blocks.variables.flatMap((block) => problems.attempt(() => listed(block, withEnv)) ?? []),
    ...blocks.variable.flatMap((block) => problems.attempt(() => declared(block, withEnv)) ?? []),
  ];
  for (const variable of all) {
    if (found.has(variable.name))
      problems.add(new HclError(variable.at, `the variable ${quoted(variable.name)} is declared already`));
    found.set(variable.name, variable);
  }
  return found;
};

const isSentence = (text: string): boolean => /^\p{Lu}[^]*[.?]$/u.test(text);

/** Throws where a validation refuses the value. */
export const validate = ({ name, validations }: Variable, value: Value, world: World): void => {
  const own: Namespace = { names: () => [name], find: (asked) => (asked === name ? value : undefined) };
  const scope = scopeOf(world, { var: own });
  for (const { at, condition, message } of validations) {
    const text = toText(evaluate(message, scope), message.at);
    if (!isSentence(text))
      throw new HclError(message.at, 'an error_message is a whole sentence: it begins with a capital and ends in "." or "?"'); // prettier-ignore
    if (!toBool(evaluate(condition, scope), condition.at))
      throw new HclError(at, `the value of var.${name} is refused: ${text}`);
  }
};
