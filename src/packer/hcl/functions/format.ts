import { hclBounds } from '../../../base/bounds.ts';
import { quoted } from '../../../base/text/nearest.ts';
import { HclError } from '../hcl-error.ts';
import type { At } from '../source.ts';
import type { Budget } from '../values/budget.ts';
import { charactersOf } from '../values/characters.ts';
import { toBool, toNumber, toText } from '../values/convert.ts';
import { numberText } from '../values/number-text.ts';
import { toPlain } from '../values/plain.ts';
import { elementsOf, type Value } from '../values/value.ts';
import type { HclCall } from './kind.ts';
import { goJson } from './json.ts';
import { isWholeVerb, numberAs, type NumberVerb } from './number-verbs.ts';

// The verbs of cty's format: %[index]flags width .precision verb
const verb = /%(?:%|([-+ #0]*)(\d*)(?:\.(\d*))?(?:\[(\d+)\])?([^]))/gu;

const most = 1000;

const isText = (letter: string): boolean => letter === 's' || letter === 'q';

const shown = (value: Value, verb: NumberVerb, at: At, budget: Budget): string => {
  const { letter, precision, flags } = verb;
  const cut = (text: string) =>
    precision === undefined ? text : charactersOf(text, at, budget).slice(0, precision).join('');
  if (letter === 's') return cut(toText(value, at));
  if (letter === 'q') return goJson(cut(toText(value, at)));
  if (letter === 't') return String(toBool(value, at));
  if (letter === 'v') {
    if (typeof value === 'number' && !flags.includes('#')) return numberAs(value, verb) ?? '';
    const isPlain = value !== null && typeof value !== 'object' && !flags.includes('#');
    return isPlain ? toText(value, at) : goJson(toPlain(value, at, budget));
  }
  const number = toNumber(value, at);
  if (isWholeVerb(letter) && !Number.isInteger(number))
    throw new HclError(at, `a whole number is needed for ${quoted(`%${letter}`)}, and this is ${numberText(number)}`);
  const text = numberAs(number, verb);
  if (text === undefined) throw new HclError(at, `format has no verb ${quoted(`%${letter}`)}`);
  return text;
};

/** Fills up to the width, in characters as people count them, as cty does; cty has no width for booleans. */
const padded = (
  text: string,
  width: number,
  { letter, flags }: NumberVerb,
  count: (text: string) => number,
): string => {
  const missing = width - count(text);
  if (missing <= 0 || letter === 't') return text;
  if (flags.includes('-')) return text + ' '.repeat(missing);
  if (!flags.includes('0')) return ' '.repeat(missing) + text;
  const [, sign = '', rest = ''] = (isText(letter) ? /^()([^]*)$/ : /^([+ -]?(?:0[xXb])?)([^]*)$/).exec(text) ?? [];
  return sign + '0'.repeat(missing) + rest;
};

const filledIn = (format: string, args: readonly Value[], call: HclCall): string => {
  let next = 0;
  let highest = 0;
  let characters = 0;
  const size = (text: string | undefined): number | undefined => {
    if (text === undefined) return undefined;
    if (Number(text) > most) call.refuse(0, `a width of more than ${most} is asked for`);
    return Number(text);
  };
  const text = format.replace(
    verb,
    (whole, flags = '', width = '', precision: string | undefined, index: string | undefined, letter: string) => {
      if (whole === '%%') return '%';
      const at = index === undefined ? next : Number(index) - 1;
      if (at < 0 || at >= args.length)
        call.refuse(0, `${quoted(whole)} has no argument: the format has ${args.length} of them`);
      next = at + 1;
      highest = Math.max(highest, next);
      const spec = { flags: String(flags), precision: size(precision), letter };
      const place = call.place(at + 1);
      const one = shown(args[at] ?? null, spec, place, call.world.budget);
      call.world.budget.step(call.at);
      const count = (made: string) => charactersOf(made, place, call.world.budget).length;
      const made = padded(one, size(String(width)) ?? 0, spec, count);
      characters += made.length;
      // What the whole comes to is counted when it is there, unless it is too much.
      if (characters > hclBounds.textCharacters) call.world.budget.mayMake(call.at, characters);
      return made;
    },
  );
  if (highest < args.length) call.refuse(highest + 1, 'is an argument that the format does not use');
  return text;
};

export const formatText = (call: HclCall): string => filledIn(call.text(0), call.args.slice(1), call);

/** Goes through all lists side by side; what is no list is the same each time. */
export const formatList = (call: HclCall): Value => {
  const args = call.args.slice(1);
  const lengths = new Set(args.flatMap((arg) => elementsOf(arg)?.length ?? []));
  if (lengths.size > 1) call.refuse(1, 'the lists have different lengths');
  const [length = 1] = lengths;
  const format = call.text(0);
  return Array.from({ length }, (_, index) => {
    call.world.budget.step(call.at, 1 + args.length);
    const row = args.map((arg) => {
      const elements = elementsOf(arg);
      return elements === undefined ? arg : (elements[index] ?? null);
    });
    const text = filledIn(format, row, call);
    call.world.budget.mayMake(call.at, text.length);
    return text;
  });
};
