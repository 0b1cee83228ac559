/** What QEMU's options -icount and -rtc may say, as data: it is printed anew from that, so no other word gets through. */

import type { Icount, Rtc } from '../../base/hardware.ts';
import { ParseError } from '../../base/parse-error.ts';

const mostShift = 10;

/** The words of a list such as "shift=9,sleep=off", each key once. A word without a key belongs to `first`. */
const pairsOf = (text: string, first: string): ReadonlyMap<string, string> => {
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

/** `text` has passed the pattern of the schema. Throws a ParseError. */
export const icountOf = (text: string): Icount => {
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

/** `text` has passed the pattern of the schema. Throws a ParseError. */
export const rtcOf = (text: string): Rtc => {
  const pairs = pairsOf(text, 'base');
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
