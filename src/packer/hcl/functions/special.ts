import { HclError, TooMuch } from '../hcl-error.ts';
import type { At } from '../source.ts';
import type { Expression } from '../syntax/ast.ts';
import { parseTemplate } from '../syntax/parse.ts';
import type { HclScope, World } from '../evaluate/scope.ts';
import { toText } from '../values/convert.ts';
import { convertTo } from '../values/type.ts';
import type { Value } from '../values/value.ts';
import { readType } from '../values/read-type.ts';
import { pathAt, textAt } from './files.ts';
import { makeCall } from './kind.ts';
import type { specialNames } from './table.ts';

export type Evaluate = (expression: Expression, scope: HclScope) => Value;

type SpecialCall = {
  readonly at: At;
  readonly args: readonly Expression[];
  readonly scope: HclScope;
  readonly evaluate: Evaluate;
  readonly templateScope: (values: Value, at: At, world: World) => HclScope;
};

type Special = {
  readonly takes: readonly [least: number, most: number];
  readonly gives: (call: SpecialCall) => Value;
};

/** The value, or undefined and why there is none. */
const attempted = ({ scope, evaluate }: SpecialCall, expression: Expression) => {
  try {
    return { value: evaluate(expression, scope) };
  } catch (error) {
    if (!(error instanceof HclError) || error instanceof TooMuch) throw error;
    return { error };
  }
};

const firstThatWorks = (call: SpecialCall): Value => {
  const errors: HclError[] = [];
  for (const arg of call.args) {
    const found = attempted(call, arg);
    if (found.error === undefined) return found.value;
    errors.push(found.error);
  }
  throw new HclError(
    call.at,
    `no argument of try() can be worked out: ${errors.map(({ message }) => message).join('; ')}`,
  );
};

const converted = ({ args: [value, type], scope, evaluate, at }: SpecialCall): Value => {
  if (value === undefined || type === undefined) return null;
  return convertTo(
    evaluate(value, scope),
    readType(type, (one) => evaluate(one, scope)),
    at,
    scope.world.budget,
  );
};

const rendered = ({ args, scope, evaluate, at, templateScope }: SpecialCall): Value => {
  const { world } = scope;
  if (scope.find(insideName) !== undefined)
    throw new HclError(at, 'a template that templatefile() reads cannot call it');
  const values = args.map((arg) => evaluate(arg, scope));
  const call = makeCall(at, world, values, args.map((arg) => arg.at)); // prettier-ignore
  const template = parseTemplate({ name: pathAt(call, 0), text: textAt(call, 0) }, world.allowance);
  const inner = templateScope(values[1] ?? null, args[1]?.at ?? at, world);
  const marked: HclScope = { ...inner, find: (name) => (name === insideName ? true : inner.find(name)) };
  return toText(evaluate(template, marked), at);
};

// No identifier is called so.
const insideName = 'templatefile()';

/** Functions that work out their arguments themselves. */
export const special: Readonly<Record<(typeof specialNames)[number], Special>> = {
  can: {
    takes: [1, 1],
    gives: (call) => call.args.every((arg) => attempted(call, arg).error === undefined),
  },
  convert: { takes: [2, 2], gives: converted },
  templatefile: { takes: [2, 2], gives: rendered },
  try: { takes: [1, 100], gives: firstThatWorks },
};
