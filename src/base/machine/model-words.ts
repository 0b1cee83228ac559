/**
 * What the texts of a hardware model may say, as data. A hypervisor prints its own words from that, so no other word of
 * a client's gets through: QEMU takes options behind a comma, and some of them name files of the host.
 */

import type { Icount, Rtc } from '../hardware.ts';
import { quoted } from '../text/nearest.ts';
import { ParseError } from '../text/parse-error.ts';

const name = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Why the text names no machine type, processor or network card; undefined where it may. */
export const whyNoModelName = (text: string): string | undefined =>
  name.test(text) ? undefined : 'must be a name such as "q35": letters, digits, ".", "_" and "-", at most 64';

/** The name that a text is. Throws a ParseError. */
export const modelNameOf = (text: string): string => {
  const why = whyNoModelName(text);
  if (why === undefined) return text;
  throw new ParseError(`${quoted(text)} ${why}`);
};

const mostShift = 10;

/** The words of a list such as "shift=9,sleep=off", each key once. A word without a key belongs to `first`. */
const pairsOf = (text: string, first = ''): ReadonlyMap<string, string> => {
  const pairs = new Map<string, string>();
  for (const word of text.split(',')) {
    const [key, value] = word.includes('=') ? word.split('=', 2) : [first, word];
    if (key === undefined || value === undefined || pairs.has(key)) throw new ParseError(`has "${String(key)}" twice`);
    pairs.set(key, value);
  }
  return pairs;
};

const oneOf = <T extends string>(value: string | undefined, words: readonly T[]): T | undefined =>
  words.find((word) => word === value);

const onOff = ['on', 'off'] as const;

const icountPair = '(shift=(auto|[0-9]{1,2})|(sleep|align)=(on|off))';
const icountForm = new RegExp(`^(auto|[0-9]{1,2}|${icountPair})(,${icountPair})*$`);

/** Virtual time, as QEMU's option -icount has it (QEMU's manual, "Invocation"). Throws a ParseError. */
export const icountOf = (text: string): Icount => {
  if (!icountForm.test(text)) throw new ParseError(`${quoted(text)} must be as "shift=9,sleep=off"`);
  const pairs = pairsOf(text, 'shift');
  const said = pairs.get('shift');
  const shift = said === 'auto' ? said : Number(said);
  if (shift !== 'auto' && !(Number.isInteger(shift) && shift >= 0 && shift <= mostShift))
    throw new ParseError(`has a shift of ${said ?? 'nothing'}: 0 to ${mostShift} can be used, and "auto"`);
  const sleep = oneOf(pairs.get('sleep'), onOff);
  const align = oneOf(pairs.get('align'), onOff);
  if (sleep === 'off' && (shift === 'auto' || align === 'on'))
    throw new ParseError('has "sleep=off", which QEMU does not take beside "auto" and "align=on"');
  return { shift, ...(sleep === undefined ? {} : { sleep }), ...(align === undefined ? {} : { align }) };
};

const dateOf = (text: string): number => {
  const [, day, time = '00:00:00'] = /^(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2}:\d{2}))?$/.exec(text) ?? [];
  const ms = Date.parse(`${day ?? ''}T${time}Z`);
  if (Number.isNaN(ms) || ms < 0 || !new Date(ms).toISOString().startsWith(`${day ?? ''}T${time}`))
    throw new ParseError(`has "${text}", which is no date from 1970 on, such as "2024-05-01" or "2024-05-01T12:00:00"`);
  return ms;
};

const rtcPair = '(base=(utc|localtime|[0-9TZ:-]{1,24})|clock=(host|rt|vm)|driftfix=(none|slew))';
const rtcForm = new RegExp(`^${rtcPair}(,${rtcPair})*$`);

/** The clock, as QEMU's option -rtc has it (QEMU's manual, "Invocation"). Throws a ParseError. */
export const rtcOf = (text: string): Rtc => {
  if (!rtcForm.test(text)) throw new ParseError(`${quoted(text)} must be as "base=utc,clock=vm"`);
  const pairs = pairsOf(text);
  const said = pairs.get('base');
  const base = said === undefined ? undefined : (oneOf(said, ['utc', 'localtime'] as const) ?? dateOf(said));
  const clock = oneOf(pairs.get('clock'), ['host', 'rt', 'vm'] as const);
  const driftfix = oneOf(pairs.get('driftfix'), ['none', 'slew'] as const);
  return {
    ...(base === undefined ? {} : { base }),
    ...(clock === undefined ? {} : { clock }),
    ...(driftfix === undefined ? {} : { driftfix }),
  };
};
