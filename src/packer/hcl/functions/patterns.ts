import { compileRe2, type Re2, type Re2Match } from '../../../base/pattern/re2.ts';
import { objectOf, type Value } from '../values/value.ts';
import type { HclCall, FunctionTable } from './kind.ts';

const patternAt = (call: HclCall, index: number): Re2 => {
  const pattern = compileRe2(call.text(index));
  if ('why' in pattern) return call.refuse(index, pattern.why);
  return pattern;
};

/** A pattern whose groups are told apart: all of them have names, or none (cty's regexp.go). */
const pickingAt = (call: HclCall, index: number): Re2 => {
  const pattern = patternAt(call, index);
  if (pattern.names.length > 0 && pattern.names.length < pattern.groups)
    call.refuse(index, 'has groups with names and groups without: give all of them names, or write (?:...)');
  return pattern;
};

const valueOf = ({ groups, text }: Re2Match, { names }: Re2): Value => {
  if (names.length > 0) return objectOf(names.map(({ name, group }) => [name, groups[group - 1] ?? null] as const));
  return groups.length === 0 ? text : groups.map((group) => group ?? null);
};

// Each search may look at all that is left of the text: twenty characters and states of the pattern are a step.
const matchesOf = (call: HclCall, pattern: Re2, text: string, most = Infinity): readonly Re2Match[] =>
  pattern.matches(text, {
    most,
    before: (from) => call.world.budget.step(call.at, Math.ceil((pattern.steps * (text.length - from)) / 20)),
  });

const first = (call: HclCall): Value => {
  const text = call.text(1);
  const pattern = pickingAt(call, 0);
  const [match] = matchesOf(call, pattern, text, 1);
  return match === undefined ? call.refuse(0, 'the pattern matches nothing in the text') : valueOf(match, pattern);
};

const all = (call: HclCall): Value => {
  const text = call.text(1);
  const pattern = pickingAt(call, 0);
  return matchesOf(call, pattern, text).map((match) => valueOf(match, pattern));
};

const reference = /\$(?:\$|([\p{L}\p{Nd}_]+)|\{([\p{L}\p{Nd}_]+)\})/gu;

/** Go's Expand: `$1`, `${1}`, `$name`, `${name}`, and `$$` for a dollar. */
const expanded = (template: string, match: Re2Match, { names }: Re2): string =>
  template.replace(reference, (whole, plain?: string, braced?: string) => {
    if (whole === '$$') return '$';
    const name = plain ?? braced ?? '';
    const group = /^(?:0|[1-9]\d*)$/.test(name) ? Number(name) : (names.find((one) => one.name === name)?.group ?? -1);
    return group === 0 ? match.text : (match.groups[group - 1] ?? '');
  });

const replaced = (call: HclCall): string => {
  const [text, replacement] = [call.text(0), call.text(2)];
  const pattern = patternAt(call, 1);
  let made = '';
  let end = 0;
  for (const match of matchesOf(call, pattern, text)) {
    made += text.slice(end, match.from) + expanded(replacement, match, pattern);
    call.world.budget.mayMake(call.at, made.length - end);
    end = match.to;
  }
  return made + text.slice(end);
};

export const patterns: FunctionTable = {
  regex: { takes: [2, 2], gives: first },
  regexall: { takes: [2, 2], gives: all },
  regex_replace: { takes: [3, 3], gives: replaced },
};
