import { durationMsOf as absoluteMsOf, sizeMbOf as exactMbOf } from '../../base/units.ts';
import { ParseError } from '../../base/parse-error.ts';
import { quoted } from '../../base/nearest.ts';

// 64 TiB: larger than any disk image vmd or QEMU is asked for, small enough for exact arithmetic in bytes.
const mostMb = 64 * 1024 * 1024;

/** MiB of a size: `10G`, `512M`, or a bare number of MiB as Packer has it. Throws a ParseError. */
export const sizeMbOf = (size: number | string): number => {
  const mb = typeof size === 'number' ? size : exactMbOf(size);
  if (mb === undefined)
    throw new ParseError(`${quoted(String(size))} is not a size: write "10G", "512M" or a number of MB`);
  if (!Number.isInteger(mb) || mb < 1 || mb > mostMb)
    throw new ParseError(`${quoted(String(size))} is not between 1 MB and 64 TB, in whole MB`);
  return mb;
};

/** A month: nothing that a build waits for takes longer. */
export const mostMs = 31 * 24 * 3_600_000;

/** Milliseconds of a duration: Go's form, a sign in front of it too, or a number of seconds. Undefined when it is neither. */
export const durationMsOf = (duration: number | string): number | undefined => {
  if (typeof duration === 'number') return duration * 1000;
  const text = duration.trim();
  const digits = text.replace(/^[-+]/, '');
  const ms = /^\d{1,12}$/.test(digits) ? Number(digits) * 1000 : absoluteMsOf(digits);
  return ms !== undefined && text.startsWith('-') ? -ms : ms;
};

/** Milliseconds, whole and within what is allowed; throws a ParseError. Less than a millisecond counts as one. */
export const durationOf = (duration: number | string, atLeastMs = 1): number => {
  const ms = durationMsOf(duration);
  if (ms === undefined)
    throw new ParseError(
      `${quoted(String(duration))} is not a duration: write "90s", "5m", "1h30m" or a number of seconds`,
    );
  const whole = ms > 0 ? Math.ceil(ms) : Math.floor(ms);
  if (!(whole >= atLeastMs && whole <= mostMs))
    throw new ParseError(
      `${quoted(String(duration))} is out of range: it must be at least ${atLeastMs} ms and at most 31 days`,
    );
  return whole;
};
