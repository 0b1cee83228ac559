import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { quoted } from './text/nearest.ts';
import { ParseError } from './text/parse-error.ts';

/** A path in a document that must not depend on where the daemon was started. */
export const AbsolutePath = z.string().refine(isAbsolute, 'must be an absolute path');

/** A program of the host, looked for along PATH or named by its place: a path from the daemon's own folder would be another's. */
export const ProgramName = z
  .string()
  .refine(
    (name) => /^[^\s/][^\x00-\x1f\x7f/]*$/.test(name) || isAbsolute(name),
    'must be the name of a program, or its absolute path',
  );

const mbOfUnit: Readonly<Record<string, number>> = { b: 2 ** -20, k: 2 ** -10, m: 1, g: 2 ** 10, t: 2 ** 20 };

// 64 TiB: larger than any disk image vmd or QEMU is asked for, small enough for exact arithmetic in bytes.
const mostMb = 64 * 1024 * 1024;

const exactMbOf = (text: string): number | undefined => {
  const [, digits, unit = 'm'] = /^(\d+(?:\.\d+)?)\s*([bkmgt])?(?:i?b)?$/i.exec(text.trim()) ?? [];
  return digits === undefined ? undefined : Number(digits) * (mbOfUnit[unit.toLowerCase()] ?? 1);
};

/** MiB of a size: `10G`, `512M`, `1.5g`, or a number of MiB, as Packer has it. Throws a ParseError. */
export const sizeMbOf = (size: number | string): number => {
  const mb = typeof size === 'number' ? size : exactMbOf(size);
  if (mb === undefined)
    throw new ParseError(`${quoted(String(size))} is not a size: write "10G", "512M" or a number of MB`);
  if (!Number.isInteger(mb) || mb < 1 || mb > mostMb)
    throw new ParseError(`${quoted(String(size))} is not between 1 MB and 64 TB, in whole MB`);
  return mb;
};

const msOfUnit: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** A part of Go's durations (ParseDuration of its package time) as a pattern: digits with a point or none, and a unit. */
export const durationPart = '(\\d+\\.?\\d*|\\.\\d+)(ns|[u\u00b5\u03bc]s|ms|s|m|h)';

const goMsOf = (text: string): number | undefined => {
  const parts = [...text.matchAll(new RegExp(durationPart, 'g'))];
  if (parts.length === 0 || parts.map(([whole]) => whole).join('') !== text) return undefined;
  return parts.reduce(
    (sum, [, digits, unit = '']) => sum + Number(digits) * (msOfUnit[unit.replace('\u03bc', '\u00b5')] ?? 0),
    0,
  );
};

/** The longest duration, 31 days in milliseconds: nothing that a build waits for takes longer. */
export const longestMs = 31 * 86_400_000;

/**
 * Milliseconds of a duration, whatever their number: Go's form (`1h30m`, `90s`, `1.5h`, `300ms`), or seconds as a number
 * or as its text (`90`), with a sign in front or none. Undefined when it is neither.
 */
export const durationMsOf = (duration: number | string): number | undefined => {
  if (typeof duration === 'number') return duration * 1000;
  const text = duration.trim();
  const unsigned = text.replace(/^[-+]/, '');
  const ms = /^\d{1,12}(?:\.\d{1,12})?$/.test(unsigned) ? Number(unsigned) * 1000 : goMsOf(unsigned);
  return ms !== undefined && text.startsWith('-') ? -ms : ms;
};

/**
 * Milliseconds of a duration, whole, at least `leastMs` and at most `longestMs`; less than a millisecond counts as one.
 * The one rule for templates, requests and the configuration. Throws a ParseError.
 */
export const durationOf = (duration: number | string, leastMs = 1): number => {
  const ms = durationMsOf(duration);
  if (ms === undefined)
    throw new ParseError(
      `${quoted(String(duration))} is not a duration: write "90s", "5m", "1h30m" or a number of seconds`,
    );
  const whole = ms > 0 ? Math.ceil(ms) : Math.floor(ms);
  if (!(whole >= leastMs && whole <= longestMs))
    throw new ParseError(
      `${quoted(String(duration))} is out of range: it must be at least ${leastMs} ms and at most 31 days`,
    );
  return whole;
};

/** A value of a document, read by a function that throws ParseErrors. */
const readBy = (read: (value: number | string) => number) =>
  z.union([z.string(), z.number()]).transform((value, context) => {
    try {
      return read(value);
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      context.addIssue({ code: 'custom', message: error.message });
      return z.NEVER;
    }
  });

/** A size in a document, in MiB: see `sizeMbOf`. */
export const SizeMb = readBy(sizeMbOf).meta({ description: 'A size: "10G", "512M", or a number of MiB.' });

/** A duration in a document, in milliseconds: see `durationOf`. */
export const Duration = readBy((value) => durationOf(value)).meta({
  description: 'A duration: "90s", "1h30m", or a number of seconds.',
});

/** The same, or none at all. */
export const Pause = readBy((value) => durationOf(value, 0)).meta({
  description: 'A duration, or 0: "90s", "1h30m", or a number of seconds.',
});
