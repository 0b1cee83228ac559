import { hclBounds } from '../../../base/bounds.ts';
import { quoted } from '../../../base/text/nearest.ts';
import { HclError } from '../hcl-error.ts';
import type { At } from '../source.ts';
import type { Budget } from '../values/budget.ts';
import { toBool, toNumber, toText } from '../values/convert.ts';
import { numberText } from '../values/number-text.ts';
import { toPlain } from '../values/plain.ts';
import { elementsOf, type Value } from '../values/value.ts';
import type { Call } from './kind.ts';
import { goJson } from './json.ts';

// The verbs of cty's format: %[index]flags width .precision verb
const verb = /%(?:%|([-+ #0]*)(\d*)(?:\.(\d*))?(?:\[(\d+)\])?([^]))/gu;

const most = 1000;

type Spec = { readonly flags: string; readonly precision: number | undefined; readonly letter: string };

const inBase: Readonly<Record<string, number>> = { b: 2, o: 8, x: 16, X: 16 };

const exponent = (text: string): string => text.replace(/e([+-])(\d)$/, 'e$10$2');

/** Go's %g: with an exponent that is less than -4, or not less than the precision, for which 6 stands where none is asked for. */
const general = (value: number, precision: number | undefined): string => {
  const digits = precision === undefined ? undefined : Math.max(precision, 1) - 1;
  const [mantissa = '', power = ''] = value.toExponential(digits).split('e');
  const scientific = `${mantissa.includes('.') ? mantissa.replace(/\.?0+$/, '') : mantissa}e${power}`;
  const isLarge = Number(power) >= (digits === undefined ? 6 : digits + 1);
  return isLarge || Number(power) < -4 ? exponent(scientific) : numberText(Number(scientific));
};

const numberAs = (value: number, { letter, precision }: Spec): string | undefined => {
  switch (letter) {
    case 'd':
      return numberText(Math.trunc(value));
    case 'b':
    case 'o':
    case 'x':
      return Math.trunc(value).toString(inBase[letter]);
    case 'X':
      return Math.trunc(value).toString(16).toUpperCase();
    case 'e':
      return exponent(value.toExponential(precision ?? 6));
    case 'E':
      return exponent(value.toExponential(precision ?? 6)).toUpperCase();
    case 'f':
    case 'F':
      return value.toFixed(precision ?? 6);
    case 'g':
      return general(value, precision);
    case 'G':
      return general(value, precision).toUpperCase();
    default:
      return undefined;
  }
};

const shown = (value: Value, spec: Spec, at: At, budget: Budget): string => {
  const { letter, precision, flags } = spec;
  const cut = (text: string) => (precision === undefined ? text : [...text].slice(0, precision).join(''));
  if (letter === 's') return cut(toText(value, at));
  if (letter === 'q') return goJson(cut(toText(value, at)));
  if (letter === 't') return String(toBool(value, at));
  if (letter === 'v') {
    if (typeof value === 'number' && !flags.includes('#')) return general(value, precision);
    const isPlain = value !== null && typeof value !== 'object' && !flags.includes('#');
    return isPlain ? toText(value, at) : goJson(toPlain(value, at, budget));
  }
  const text = numberAs(toNumber(value, at), spec);
  if (text === undefined) throw new HclError(at, `format has no verb ${quoted(`%${letter}`)}`);
  const sign = text.startsWith('-') ? '' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '';
  return sign + text;
};

const padded = (text: string, width: number, flags: string): string => {
  if (flags.includes('-')) return text.padEnd(width);
  if (!flags.includes('0')) return text.padStart(width);
  const [, sign = '', rest = ''] = /^([+-]?)([^]*)$/.exec(text) ?? [];
  return sign + rest.padStart(width - sign.length, '0');
};

const filledIn = (format: string, args: readonly Value[], call: Call): string => {
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
      const one = shown(args[at] ?? null, spec, call.place(at + 1), call.world.budget);
      call.world.budget.step(call.at);
      const made = padded(one, size(String(width)) ?? 0, spec.flags);
      characters += made.length;
      // What the whole comes to is counted when it is there, unless it is too much.
      if (characters > hclBounds.textCharacters) call.world.budget.mayMake(call.at, characters);
      return made;
    },
  );
  if (highest < args.length) call.refuse(highest + 1, 'is an argument that the format does not use');
  return text;
};

export const formatText = (call: Call): string => filledIn(call.text(0), call.args.slice(1), call);

/** Goes through all lists side by side; what is no list is the same each time. */
export const formatList = (call: Call): Value => {
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
