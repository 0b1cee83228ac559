import { ParseError } from '../../../base/text/parse-error.ts';
import { quoted } from '../../../base/text/nearest.ts';
import { durationMsOf } from '../../../base/units.ts';
import { goTime, strftime } from '../../../template/language/time-layout.ts';
import type { HclCall, FunctionTable } from './kind.ts';

const rfc3339 = '2006-01-02T15:04:05Z07:00';

const stamp = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|([+-])(\d{2}):(\d{2}))$/;

type Time = { readonly utcMs: number; readonly offsetMinutes: number };

/** A time of RFC 3339, in its own zone. */
const timeOf = (call: HclCall, index: number): Time => {
  const text = call.text(index);
  const match = stamp.exec(text);
  const utcMs = Date.parse(text);
  if (match === null || Number.isNaN(utcMs))
    return call.refuse(index, `${quoted(text)} is no time of RFC 3339, such as "2026-01-02T15:04:05Z"`);
  const [, sign, hours = '0', minutes = '0'] = match;
  const offset = (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -1 : 1);
  // Date.parse goes on to 1 March after 29 February.
  if (new Date(utcMs + offset * 60_000).toISOString().slice(0, 10) !== text.slice(0, 10))
    call.refuse(index, `${quoted(text)} is a day that its month does not have`);
  return { utcMs, offsetMinutes: offset };
};

const zone = (minutes: number, between: string): string => {
  const of = Math.abs(minutes);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(of / 60))}${between}${two(of % 60)}`;
};

// The letters of cty's formatdate, in terms of Go's layouts, which goTime knows.
const goWords: Readonly<Record<string, string>> = {
  YYYY: '2006',
  YY: '06',
  MMMM: 'January',
  MMM: 'Jan',
  MM: '01',
  M: '1',
  DD: '02',
  D: '2',
  EEEE: 'Monday',
  EEE: 'Mon',
  hh: '15',
  HH: '03',
  H: '3',
  AA: 'PM',
  aa: 'pm',
  mm: '04',
  m: '4',
  ss: '05',
  s: '5',
};

const zoneWords: Readonly<Record<string, (minutes: number) => string>> = {
  Z: (minutes) => (minutes === 0 ? 'Z' : zone(minutes, ':')),
  ZZZ: (minutes) => (minutes === 0 ? 'UTC' : zone(minutes, '')),
  ZZZZ: (minutes) => zone(minutes, ''),
  ZZZZZ: (minutes) => zone(minutes, ':'),
};

const word = /''|'((?:[^']|'')*)'|([A-Za-z])\2*|[^]/gu;

const formatted = (call: HclCall): string => {
  const { utcMs, offsetMinutes } = timeOf(call, 1);
  const localMs = utcMs + offsetMinutes * 60_000;
  return call.text(0).replace(word, (whole, literal: string | undefined, letter: string | undefined) => {
    if (whole === "''") return "'";
    if (literal !== undefined) return literal.replaceAll("''", "'");
    if (whole === "'") return call.refuse(0, 'has a single quote that nothing closes');
    call.world.budget.step(call.at, 4);
    if (letter === undefined) return whole;
    // An hour without its zero: Go has no layout for it.
    if (whole === 'h') return String(new Date(localMs).getUTCHours());
    const layout = Object.hasOwn(goWords, whole) ? goWords[whole] : undefined;
    const zoned = Object.hasOwn(zoneWords, whole) ? zoneWords[whole] : undefined;
    if (layout !== undefined) return goTime(localMs, layout);
    return zoned?.(offsetMinutes) ?? call.refuse(0, `formatdate knows no ${quoted(whole)}: letters that mean themselves stand between single quotes`); // prettier-ignore
  });
};

const longestDuration = 100;

// Of Go's time.Duration: nanoseconds in 64 bits.
const mostMs = 2 ** 63 / 1e6;

/** Milliseconds of Go's time.ParseDuration, to which only a zero has no unit. */
const durationIn = (text: string): number | undefined => {
  if (text.length > longestDuration || !/^[-+]?(?:0$|[^]*[a-z]$)/.test(text)) return undefined;
  const ms = durationMsOf(text);
  return ms !== undefined && Math.abs(ms) < mostMs ? ms : undefined;
};

const added = (call: HclCall): string => {
  const { utcMs, offsetMinutes } = timeOf(call, 0);
  const ms = durationIn(call.text(1));
  if (ms === undefined) return call.refuse(1, `${quoted(call.text(1))} is no duration, such as "1h30m"`);
  const local = utcMs + ms + offsetMinutes * 60_000;
  if (!(Math.abs(local) < 8.64e15)) return call.refuse(1, 'leads to a time that no calendar has');
  return `${goTime(local, '2006-01-02T15:04:05')}${zoneWords['Z']?.(offsetMinutes) ?? ''}`;
};

const inLayout = (call: HclCall, write: (ms: number, layout: string) => string): string => {
  try {
    return call.args.length === 0 ? goTime(call.world.frozenMs, rfc3339) : write(call.world.frozenMs, call.text(0));
  } catch (error) {
    if (error instanceof ParseError) return call.refuse(0, error.message);
    throw error;
  }
};

export const dates: FunctionTable = {
  formatdate: { takes: [2, 2], gives: formatted },
  legacy_isotime: { takes: [0, 1], gives: (call) => inLayout(call, goTime) },
  legacy_strftime: { takes: [0, 1], gives: (call) => inLayout(call, strftime) },
  timeadd: { takes: [2, 2], gives: added },
  timestamp: { takes: [0, 0], gives: (call) => goTime(call.world.frozenMs, rfc3339) },
};
