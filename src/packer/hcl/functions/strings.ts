import { withoutEnd } from '../../../base/pattern/without-end.ts';
import { charactersOf, withCase } from '../values/characters.ts';
import type { HclCall, FunctionTable } from './kind.ts';
import { manyArgs } from './kind.ts';
import { formatList, formatText } from './format.ts';

// What parts words for Go: an ASCII character that is no letter, digit or underscore; beyond ASCII, a blank.
const firstLetter = /(?<![A-Za-z0-9_]|(?!\s)[^\0-\x7f])\p{L}/gu;

const cased = (call: HclCall, change: (text: string) => string): string =>
  withCase(call.text(0), change, call.at, call.world.budget);

const titled = (call: HclCall): string =>
  call.text(0).replace(firstLetter, (letter) => withCase(letter, (one) => one.toUpperCase(), call.at, call.world.budget)); // prettier-ignore

const replaced = (call: HclCall): string => {
  const [text, old, by] = [call.text(0), call.text(1), call.text(2)];
  const pieces = old === '' ? ['', ...text, ''] : text.split(old);
  call.world.budget.mayMake(call.at, text.length + pieces.length * by.length);
  return pieces.join(by);
};

const cut = (call: HclCall): string => {
  const points = charactersOf(call.text(0), call.at, call.world.budget);
  const [offset, length] = [call.whole(1), call.whole(2)];
  const from = offset < 0 ? Math.max(0, points.length + offset) : offset;
  return points.slice(from, length < 0 ? undefined : from + length).join('');
};

const trimmed = (call: HclCall): string => {
  const [points, cutset] = [[...call.text(0)], new Set(call.text(1))];
  const isKept = (point: string) => !cutset.has(point);
  const from = points.findIndex(isKept);
  return from === -1 ? '' : points.slice(from, points.findLastIndex(isKept) + 1).join('');
};

const indented = (call: HclCall): string => {
  const [spaces, lines] = [call.whole(0), call.text(1).split('\n')];
  if (spaces < 0 || spaces > 1000) call.refuse(0, 'indents by 0 to 1000 spaces');
  call.world.budget.mayMake(call.at, lines.length * spaces);
  return lines.join(`\n${' '.repeat(spaces)}`);
};

const joined = (call: HclCall): string => {
  const texts = call.args.slice(1).flatMap((_, index) => call.texts(index + 1));
  const separator = call.text(0);
  call.world.budget.mayMake(call.at, texts.length * separator.length);
  return texts.join(separator);
};

const without = (text: string, what: string, is: boolean, rest: string): string => (what !== '' && is ? rest : text);

const space = /^\p{White_Space}$/u;

/** Without Unicode's white space at both ends, as Go has it: U+FEFF is none, and U+0085 is some. */
const withoutSpace = (text: string): string => {
  let [from, to] = [0, text.length];
  while (from < to && space.test(text.charAt(from))) from += 1;
  while (to > from && space.test(text.charAt(to - 1))) to -= 1;
  return text.slice(from, to);
};

export const strings: FunctionTable = {
  chomp: { takes: [1, 1], gives: (call) => withoutEnd(call.text(0), '\r\n') },
  endswith: { takes: [2, 2], gives: (call) => call.text(0).endsWith(call.text(1)) },
  format: { takes: [1, manyArgs], gives: (call) => formatText(call) },
  formatlist: { takes: [1, manyArgs], gives: (call) => formatList(call) },
  indent: { takes: [2, 2], gives: indented },
  join: { takes: [2, manyArgs], gives: joined },
  lower: { takes: [1, 1], gives: (call) => cased(call, (text) => text.toLowerCase()) },
  replace: { takes: [3, 3], gives: replaced },
  split: {
    takes: [2, 2],
    gives: (call) => (call.text(0) === '' ? [...call.text(1)] : call.text(1).split(call.text(0))),
  },
  startswith: { takes: [2, 2], gives: (call) => call.text(0).startsWith(call.text(1)) },
  strcontains: { takes: [2, 2], gives: (call) => call.text(0).includes(call.text(1)) },
  strrev: {
    takes: [1, 1],
    gives: (call) => charactersOf(call.text(0), call.at, call.world.budget).toReversed().join(''),
  },
  substr: { takes: [3, 3], gives: cut },
  title: { takes: [1, 1], gives: titled },
  trim: { takes: [2, 2], gives: trimmed },
  trimprefix: {
    takes: [2, 2],
    gives: (call) => {
      const [text, prefix] = [call.text(0), call.text(1)];
      return without(text, prefix, text.startsWith(prefix), text.slice(prefix.length));
    },
  },
  trimspace: { takes: [1, 1], gives: (call) => withoutSpace(call.text(0)) },
  trimsuffix: {
    takes: [2, 2],
    gives: (call) => {
      const [text, suffix] = [call.text(0), call.text(1)];
      return without(text, suffix, text.endsWith(suffix), text.slice(0, text.length - suffix.length));
    },
  },
  upper: { takes: [1, 1], gives: (call) => cased(call, (text) => text.toUpperCase()) },
};
