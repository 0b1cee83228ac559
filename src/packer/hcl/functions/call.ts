import { didYouMean, quoted } from '../../../base/text/nearest.ts';
import { HclError } from '../hcl-error.ts';
import type { At } from '../source.ts';
import type { Expression } from '../syntax/ast.ts';
import { scopeOf, type HclScope, type World } from '../evaluate/scope.ts';
import { toElements, toObject, toText } from '../values/convert.ts';
import { isObject, type Value } from '../values/value.ts';
import { makeCall } from './kind.ts';
import { elsewhere, missing } from './missing.ts';
import { special, type Evaluate } from './special.ts';
import { functions, specialNames } from './table.ts';

type CallExpression = Extract<Expression, { kind: 'call' }>;

const unknown = (name: string, at: At): never => {
  const why = Object.hasOwn(missing, name) ? missing[name] : undefined;
  if (why !== undefined) throw new HclError(at, `${name}() is not there: ${why}`);
  const instead = Object.hasOwn(elsewhere, name) ? elsewhere[name] : undefined;
  if (instead !== undefined) throw new HclError(at, `Packer has no function ${name}(): write ${instead}`);
  const names = [...Object.keys(functions), ...specialNames];
  throw new HclError(at, `there is no function ${quoted(name)}: ${didYouMean(name, names)}`);
};

const argsOf = ({ args, isExpanded }: CallExpression, scope: HclScope, evaluate: Evaluate) => {
  const values = args.map((arg) => evaluate(arg, scope));
  const places = args.map(({ at }) => at);
  const [last, lastAt] = [values.at(-1), places.at(-1)];
  if (!isExpanded || last === undefined || lastAt === undefined) return { values, places };
  return { values: [...values.slice(0, -1), ...toElements(last, lastAt)], places };
};

/** What reading a value costs a function, in steps. */
const weight = (value: Value): number => {
  if (typeof value === 'string') return Math.ceil(value.length / 20);
  if (typeof value !== 'object' || value === null) return 1;
  return 1 + (isObject(value) ? value.size : 'set' in value ? value.set.length : value.length);
};

const checkCount = (name: string, [least, most]: readonly [number, number], count: number, at: At): void => {
  if (count >= least && count <= most) return;
  const wanted = least === most ? String(least) : count < least ? `at least ${least}` : `at most ${most}`;
  throw new HclError(
    at,
    `${name}() takes ${wanted} argument${wanted.endsWith('1') ? '' : 's'}, and ${count} are given`,
  );
};

const environment = (
  env: NonNullable<World['env']>,
  expression: CallExpression,
  scope: HclScope,
  evaluate: Evaluate,
): Value => {
  const { values, places } = argsOf(expression, scope, evaluate);
  checkCount('env', [1, 1], values.length, expression.at);
  return env(toText(values[0] ?? null, places[0] ?? expression.at), expression.at);
};

const called = (expression: CallExpression, scope: HclScope, evaluate: Evaluate): Value => {
  const { name, at } = expression;
  const found = Object.hasOwn(functions, name) ? functions[name] : undefined;
  if (name === 'env' && scope.world.env !== undefined) return environment(scope.world.env, expression, scope, evaluate);
  if (found === undefined) return unknown(name, at);
  const { values, places } = argsOf(expression, scope, evaluate);
  checkCount(name, found.takes, values.length, at);
  const { budget } = scope.world;
  budget.step(
    at,
    values.reduce<number>((sum, value) => sum + weight(value), 1),
  );
  return budget.made(at, found.gives(makeCall(at, scope.world, values, places)));
};

/** Calls a function. Throws an HclError, at the argument that is wrong where it is one. */
export const callFunction = (expression: CallExpression, scope: HclScope, evaluate: Evaluate): Value => {
  const { name, at, args, isExpanded } = expression;
  const isSpecial = specialNames.find((one) => one === name);
  if (isSpecial === undefined) return called(expression, scope, evaluate);
  if (isExpanded) throw new HclError(at, `${name}() takes no "..."`);
  const { takes, gives } = special[isSpecial];
  checkCount(name, takes, args.length, at);
  const templateScope = (values: Value, valuesAt: At, world: World): HclScope =>
    scopeOf(world, Object.fromEntries(toObject(values, valuesAt)));
  return gives({ at, args, scope, evaluate, templateScope });
};
