import { HclError } from '../hcl-error.ts';
import { quoted } from '../../../base/text/nearest.ts';
import { callFunction } from '../functions/call.ts';
import { elementName, type Expression, type For, type TextPart } from '../syntax/ast.ts';
import { toBool, toNumber, toText } from '../values/convert.ts';
import { elementsOf, objectOf, type Value } from '../values/value.ts';
import { attributeOf, elementOf } from './access.ts';
import { roundsOf } from './loop.ts';
import { operate } from './operators.ts';
import { isNamespace, nameIn, unknownName, wholeOf, within, type HclScope } from './scope.ts';

type Of<Kind extends Expression['kind']> = Extract<Expression, { kind: Kind }>;

const ofName = ({ name, at }: Of<'name'>, scope: HclScope): Value => {
  const found = scope.find(name);
  if (found === undefined) return unknownName(scope, name, at);
  return isNamespace(found) ? wholeOf(found, at) : found;
};

/** `var.name` and `var["name"]` ask for that name alone: what others are worked out from may be wrong. */
const namespaceOf = (of: Expression, scope: HclScope) => {
  const found = of.kind === 'name' ? scope.find(of.name) : undefined;
  return of.kind === 'name' && found !== undefined && isNamespace(found)
    ? { namespace: found, root: of.name }
    : undefined;
};

const ofAttribute = ({ of, name, at }: Of<'attribute'>, scope: HclScope): Value => {
  const root = namespaceOf(of, scope);
  return root
    ? nameIn(root.namespace, root.root, name, at, scope.world.budget)
    : attributeOf(evaluate(of, scope), name, at);
};

const ofIndex = ({ of, key, at }: Of<'index'>, scope: HclScope): Value => {
  const root = namespaceOf(of, scope);
  const found = evaluate(key, scope);
  return root
    ? nameIn(root.namespace, root.root, toText(found, key.at), at, scope.world.budget)
    : elementOf(evaluate(of, scope), found, key.at);
};

const ofSplat = ({ of, each }: Of<'splat'>, scope: HclScope): Value => {
  const value = evaluate(of, scope);
  // One value stands for a list of it, null for an empty one.
  const elements = elementsOf(value) ?? (value === null ? [] : [value]);
  return elements.map((element) => evaluate(each, within(scope, { [elementName]: element })));
};

const ofObject = ({ items }: Of<'object'>, scope: HclScope): Value =>
  objectOf(items.map(({ key, value }) => [toText(evaluate(key, scope), key.at), evaluate(value, scope)] as const));

const grouped = (entries: readonly (readonly [string, Value])[]): Value => {
  const groups = new Map<string, Value[]>();
  for (const [key, value] of entries) {
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [value]);
    else group.push(value);
  }
  return objectOf(groups);
};

const ofFor = (loop: For, scope: HclScope): Value => {
  const { key, value, where } = loop;
  const rounds = roundsOf(loop, evaluate(loop.over, scope), scope).filter(
    (round) => where === undefined || toBool(evaluate(where, round), where.at),
  );
  if (key === undefined) return rounds.map((round) => evaluate(value, round));
  const entries = rounds.map((round) => [toText(evaluate(key, round), key.at), evaluate(value, round)] as const);
  if (loop.isGrouped) return grouped(entries);
  const keys = new Set<string>();
  for (const [name] of entries) {
    if (keys.has(name))
      throw new HclError(key.at, `the key ${quoted(name)} comes twice: write "..." behind the value to group by key`);
    keys.add(name);
  }
  return objectOf(entries);
};

const isScalar = (value: Value): boolean => value !== null && typeof value !== 'object';

/** Both results have one type: where one is a text, a number or a bool is one as well. */
const ofConditional = ({ test, yes, no }: Of<'conditional'>, scope: HclScope): Value => {
  const isYes = toBool(evaluate(test, scope), test.at);
  const [chosen, other] = isYes ? [yes, no] : [no, yes];
  const value = evaluate(chosen, scope);
  if (!isScalar(value) || typeof value === 'string') return value;
  return other.kind === 'template' || (other.kind === 'literal' && typeof other.value === 'string')
    ? toText(value, chosen.at)
    : value;
};

const ofUnary = ({ operator, of }: Of<'unary'>, scope: HclScope): Value => {
  const value = evaluate(of, scope);
  return operator === '!' ? !toBool(value, of.at) : 0 - toNumber(value, of.at);
};

const ofBinary = (expression: Of<'binary'>, scope: HclScope): Value => {
  const { left, right } = expression;
  const operands = { left: evaluate(left, scope), right: evaluate(right, scope), leftAt: left.at, rightAt: right.at };
  return operate(expression, operands, scope.world.budget);
};

const textOf = (parts: readonly TextPart[], scope: HclScope): string => {
  const texts = parts.map((part): string => {
    scope.world.budget.step(part.at);
    if (part.kind === 'text') return part.text;
    if (part.kind === 'value') return toText(evaluate(part.value, scope), part.value.at);
    if (part.kind === 'if') return textOf(toBool(evaluate(part.test, scope), part.test.at) ? part.yes : part.no, scope);
    return roundsOf(part, evaluate(part.over, scope), scope)
      .map((round) => textOf(part.body, round))
      .join('');
  });
  const [first] = parts;
  if (first !== undefined) scope.world.budget.mayMake(first.at, texts.reduce((sum, text) => sum + text.length, 0)); // prettier-ignore
  return texts.join('');
};

/** A template that is one value alone is that value, whatever it is. */
const ofTemplate = ({ parts }: Of<'template'>, scope: HclScope): Value => {
  const [first] = parts;
  return parts.length === 1 && first?.kind === 'value' ? evaluate(first.value, scope) : textOf(parts, scope);
};

const valueOf = (expression: Expression, scope: HclScope): Value => {
  switch (expression.kind) {
    case 'literal':
      return expression.value;
    case 'template':
      return ofTemplate(expression, scope);
    case 'name':
      return ofName(expression, scope);
    case 'attribute':
      return ofAttribute(expression, scope);
    case 'index':
      return ofIndex(expression, scope);
    case 'splat':
      return ofSplat(expression, scope);
    case 'call':
      return callFunction(expression, scope, evaluate);
    case 'list':
      return expression.items.map((item) => evaluate(item, scope));
    case 'object':
      return ofObject(expression, scope);
    case 'for':
      return ofFor(expression, scope);
    case 'conditional':
      return ofConditional(expression, scope);
    case 'unary':
      return ofUnary(expression, scope);
    case 'binary':
      return ofBinary(expression, scope);
  }
};

/** What an expression comes to. Throws an HclError with the place of what is wrong in it, or TooMuch. */
export const evaluate = (expression: Expression, scope: HclScope): Value => {
  const { budget } = scope.world;
  budget.step(expression.at);
  return budget.deeper(expression.at, () => valueOf(expression, scope));
};
