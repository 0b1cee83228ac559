import { Mistake } from './mistake.ts';
import { quoted } from './nearest.ts';

const mebibytes = { M: 1, G: 1024, T: 1024 * 1024 } as const;
const isSizeUnit = (unit: string): unit is keyof typeof mebibytes => Object.hasOwn(mebibytes, unit);

// 64 TiB: larger than any disk image vmd or QEMU is asked for, small enough for exact arithmetic in bytes.
const mostMb = 64 * mebibytes.T;

/** MiB of a size: `10G`, `512M`, `1TiB`, or a bare number of MiB as Packer has it. Throws a Mistake. */
export const sizeMbOf = (size: number | string): number => {
  const match = typeof size === 'number' ? undefined : /^([0-9]{1,9})\s*(?:([MGT])(?:B|iB)?)?$/i.exec(size.trim());
  if (match === null) throw new Mistake(`${quoted(String(size))} is not a size: write "10G", "512M" or a number of MB`);
  const unit = match?.[2]?.toUpperCase() ?? 'M';
  const mb = typeof size === 'number' ? size : Number(match?.[1]) * (isSizeUnit(unit) ? mebibytes[unit] : 1);
  if (!Number.isInteger(mb) || mb < 1 || mb > mostMb)
    throw new Mistake(`${size} is not between 1 MB and 64 TB, in whole MB`);
  return mb;
};

const milliseconds = { ns: 1e-6, us: 1e-3, µs: 1e-3, μs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;
const isTimeUnit = (unit: string): unit is keyof typeof milliseconds => Object.hasOwn(milliseconds, unit);

/** A month: nothing that a build waits for takes longer. */
export const mostMs = 31 * 24 * milliseconds.h;

/**
 * Milliseconds of a duration: Go's form (`1h30m`, `90s`, `300ms`, `-1s`; pkg.go.dev/time#ParseDuration), or a number of
 * seconds. Undefined when it is neither.
 */
export const durationMsOf = (duration: number | string): number | undefined => {
  if (typeof duration === 'number') return duration * 1000;
  const text = duration.trim();
  const sign = text.startsWith('-') ? -1 : 1;
  const digits = text.replace(/^[-+]/, '');
  if (/^[0-9]{1,12}(\.[0-9]{1,9})?$/.test(digits)) return sign * Number(digits) * 1000;
  if (!/^([0-9]{1,12}(\.[0-9]{1,9})?(ns|us|µs|μs|ms|s|m|h)){1,8}$/.test(digits)) return undefined;
  const parts = digits.matchAll(/([0-9.]+)([a-zµμ]+)/g);
  return [...parts].reduce(
    (sum, [, count, unit = '']) => sum + sign * Number(count) * (isTimeUnit(unit) ? milliseconds[unit] : 0),
    0,
  );
};

/** Milliseconds, whole and within what is allowed; throws a Mistake. Less than a millisecond counts as one. */
export const durationOf = (duration: number | string, atLeastMs = 1): number => {
  const ms = durationMsOf(duration);
  if (ms === undefined)
    throw new Mistake(
      `${quoted(String(duration))} is not a duration: write "90s", "5m", "1h30m" or a number of seconds`,
    );
  const whole = ms > 0 ? Math.ceil(ms) : Math.floor(ms);
  if (!(whole >= atLeastMs && whole <= mostMs))
    throw new Mistake(
      `${quoted(String(duration))} is out of range: it must be at least ${atLeastMs} ms and at most 31 days`,
    );
  return whole;
};
