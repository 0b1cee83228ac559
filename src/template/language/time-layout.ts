import { dayOf } from '../../base/records/day.ts';
import { ParseError } from '../../base/text/parse-error.ts';
import { quoted } from '../../base/text/nearest.ts';

// Our own: no package knows Go's layouts, and strftime's passes over conversions that it does not know.
const months = 'January February March April May June July August September October November December'.split(' ');
const days = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ');

const padded = (value: number, width: number, fill = '0') => String(value).padStart(width, fill);

const partsOf = (timestampMs: number) => {
  const date = new Date(timestampMs);
  const hour = date.getUTCHours();
  const year = date.getUTCFullYear();
  return {
    date,
    year,
    month: date.getUTCMonth() + 1,
    monthName: months[date.getUTCMonth()] ?? '',
    day: date.getUTCDate(),
    dayName: days[date.getUTCDay()] ?? '',
    dayOfYear: dayOf(timestampMs) - dayOf(Date.UTC(year, 0, 1)) + 1,
    hour,
    hour12: hour % 12 || 12,
    half: hour < 12 ? 'AM' : 'PM',
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    ms: date.getUTCMilliseconds(),
  };
};

type Parts = ReturnType<typeof partsOf>;

// https://pkg.go.dev/time#pkg-constants: each element of the reference time stands for that part of the real one.
const goElements: Readonly<Record<string, (at: Parts) => string>> = {
  January: (at) => at.monthName,
  Jan: (at) => at.monthName.slice(0, 3),
  Monday: (at) => at.dayName,
  Mon: (at) => at.dayName.slice(0, 3),
  MST: () => 'UTC',
  '2006': (at) => padded(at.year, 4),
  '06': (at) => padded(at.year % 100, 2),
  '01': (at) => padded(at.month, 2),
  '1': (at) => String(at.month),
  '002': (at) => padded(at.dayOfYear, 3),
  '02': (at) => padded(at.day, 2),
  __2: (at) => padded(at.dayOfYear, 3, ' '),
  _2: (at) => padded(at.day, 2, ' '),
  '2': (at) => String(at.day),
  '15': (at) => padded(at.hour, 2),
  '03': (at) => padded(at.hour12, 2),
  '3': (at) => String(at.hour12),
  '04': (at) => padded(at.minute, 2),
  '4': (at) => String(at.minute),
  '05': (at) => padded(at.second, 2),
  '5': (at) => String(at.second),
  PM: (at) => at.half,
  pm: (at) => at.half.toLowerCase(),
  'Z07:00:00': () => 'Z',
  'Z07:00': () => 'Z',
  Z070000: () => 'Z',
  Z0700: () => 'Z',
  Z07: () => 'Z',
  '-07:00': () => '+00:00',
  '-0700': () => '+0000',
  '-07': () => '+00',
};

const goLayout =
  /January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|2006|__2|_2(?!006)|Z07(?:00(?:00)?|:00(?::00)?)?|-07:00|-0700|-07|002|0[1-6]|15|PM|pm|[1-5]|[.,](?:0{1,9}|9{1,9})(?![0-9])/g;

/** A time, UTC, in a layout of Go's reference time (`2006-01-02T15:04:05`). */
export const goTime = (timestampMs: number, layout: string): string => {
  const at = partsOf(timestampMs);
  return layout.replace(goLayout, (element) => {
    const write = goElements[element];
    if (write !== undefined) return write(at);
    const digits = padded(at.ms, 3)
      .padEnd(9, '0')
      .slice(0, element.length - 1);
    if (element[1] === '0') return `${element[0]}${digits}`;
    const trimmed = digits.replace(/0+$/, '');
    return trimmed === '' ? '' : `${element[0]}${trimmed}`;
  });
};

const conversions: Readonly<Record<string, (at: Parts) => string>> = {
  Y: (at) => padded(at.year, 4),
  y: (at) => padded(at.year % 100, 2),
  m: (at) => padded(at.month, 2),
  d: (at) => padded(at.day, 2),
  e: (at) => padded(at.day, 2, ' '),
  j: (at) => padded(at.dayOfYear, 3),
  H: (at) => padded(at.hour, 2),
  I: (at) => padded(at.hour12, 2),
  M: (at) => padded(at.minute, 2),
  S: (at) => padded(at.second, 2),
  p: (at) => at.half,
  a: (at) => at.dayName.slice(0, 3),
  A: (at) => at.dayName,
  b: (at) => at.monthName.slice(0, 3),
  B: (at) => at.monthName,
  F: (at) => at.date.toISOString().slice(0, 10),
  T: (at) => at.date.toISOString().slice(11, 19),
  R: (at) => at.date.toISOString().slice(11, 16),
  Z: () => 'UTC',
  z: () => '+0000',
  s: (at) => String(Math.floor(at.date.getTime() / 1000)),
  '%': () => '%',
};

/** A time, UTC, in a layout of strftime(3). Throws a ParseError for a conversion it does not know. */
export const strftime = (timestampMs: number, layout: string): string => {
  const at = partsOf(timestampMs);
  return layout.replace(/%([^]?)/gu, (whole, letter: string) => {
    const write = Object.hasOwn(conversions, letter) ? conversions[letter] : undefined;
    if (write !== undefined) return write(at);
    throw new ParseError(`strftime knows no ${quoted(whole)}: there is %${Object.keys(conversions).join(' %')}`);
  });
};
