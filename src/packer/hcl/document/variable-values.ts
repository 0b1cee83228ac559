import { quoted, suggestions } from '../../../base/text/nearest.ts';
import { evaluate } from '../evaluate/evaluate.ts';
import { scopeOf, type Namespace, type World } from '../evaluate/scope.ts';
import { HclError, SentValueError, type Problems } from '../hcl-error.ts';
import { pointerAt } from '../source.ts';
import type { Attribute, HclBody } from '../syntax/ast.ts';
import { parseWhole } from '../syntax/parse.ts';
import { fromPlain } from '../values/plain.ts';
import { typeName } from '../values/type.ts';
import type { Value } from '../values/value.ts';
import { textsIn } from './leaves.ts';
import { ofType, validate, type Variable } from './variables.ts';

type Variables = ReadonlyMap<string, Variable>;

/** What stands in files of values, a later file in place of an earlier one. Names that no variable has are told to `unused`. */
export const valuesOfFiles = (
  bodies: readonly HclBody[],
  variables: Variables,
  problems: Problems,
  unused: (attribute: Attribute) => void,
): ReadonlyMap<string, Attribute> => {
  const found = new Map<string, Attribute>();
  for (const { attributes, blocks } of bodies) {
    for (const { at, type } of blocks)
      problems.add(new HclError(at, `a file of values holds "name = value" alone: the block ${quoted(type)} belongs in a file of the template`)); // prettier-ignore
    for (const attribute of attributes)
      if (variables.has(attribute.name)) found.set(attribute.name, attribute);
      else unused(attribute);
  }
  return found;
};

/** As Packer reads a value from a command line: for anything but a string or a number it is the text of an expression. */
const read = (given: unknown, { name, type, at }: Variable, world: World): Value => {
  const isExpression = typeof given === 'string' && !['string', 'number', 'any'].includes(type.kind);
  if (!isExpression) return fromPlain(given, at, world.budget);
  return evaluate(parseWhole({ name: `value of var.${name}`, text: given }, world.allowance), scopeOf(world, {}));
};

// What a client sent may be a secret: so the message does not say what.
const sent = (given: unknown, variable: Variable, world: World): Value => {
  try {
    return ofType(read(given, variable, world), variable.type, variable.at, world);
  } catch (error) {
    if (!(error instanceof HclError) || error.constructor !== HclError) throw error;
    const what = `is no ${typeName(variable.type)}`;
    const why = error.message.startsWith(what) ? error.message : `${what}: ${error.message}`;
    throw new SentValueError(variable.at, variable.name, variable.isSensitive ? what : why);
  }
};

const worth = (
  variable: Variable,
  inFile: Attribute | undefined,
  given: Readonly<Record<string, unknown>>,
  world: World,
): Value => {
  const { name, type, at, byDefault } = variable;
  if (Object.hasOwn(given, name)) return sent(given[name], variable, world);
  if (inFile !== undefined) return ofType(evaluate(inFile.value, scopeOf(world, {})), type, inFile.value.at, world);
  if (byDefault === undefined)
    throw new SentValueError(
      at,
      name,
      `has no value, and no default at ${pointerAt(at)}: send one, or give it a default`,
    );
  return byDefault;
};

export type HclVariableValues = {
  readonly namespace: Namespace;
  /** The texts of the sensitive ones. */
  readonly sensitive: readonly string[];
};

/** The value of each variable: what was sent, else what stands in a file of values, else its default. */
export const valueVariables = (
  variables: Variables,
  inFiles: ReadonlyMap<string, Attribute>,
  given: Readonly<Record<string, unknown>>,
  world: World,
  problems: Problems,
): HclVariableValues => {
  const values = new Map<string, Value>();
  const wrong = new Map<string, HclError>();
  for (const variable of variables.values()) {
    const { name } = variable;
    problems.attempt(() => {
      try {
        values.set(name, worth(variable, inFiles.get(name), given, world));
        validate(variable, values.get(name) ?? null, world);
      } catch (error) {
        if (error instanceof HclError) wrong.set(name, error);
        throw error;
      }
    });
  }
  const sensitive = [...variables.values()].filter(({ isSensitive }) => isSensitive);
  return {
    sensitive: sensitive.flatMap(({ name }) => textsIn(values.get(name) ?? null)),
    namespace: {
      names: () => [...variables.keys()],
      find: (name) => {
        // Told once: problems that are the same are one.
        const error = wrong.get(name);
        if (error !== undefined) throw error;
        return values.get(name);
      },
    },
  };
};

/** Tells of values that were sent under a name that no variable has. */
export const refuseStray = (
  given: Readonly<Record<string, unknown>>,
  variables: Variables,
  { addSent }: Pick<Problems, 'addSent'>,
): void => {
  const names = [...variables.keys()];
  const didYouMean = suggestions();
  for (const name of Object.keys(given))
    if (!variables.has(name)) addSent(name, `is no variable of the template: ${didYouMean(name, names)}`);
};
