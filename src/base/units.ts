import { isAbsolute } from 'node:path';
import { z } from 'zod';

/** A path in a document that must not depend on where the daemon was started. */
export const AbsolutePath = z.string().refine(isAbsolute, 'must be an absolute path');

const scale: Readonly<Record<string, number>> = { b: 2 ** -20, k: 2 ** -10, m: 1, g: 2 ** 10, t: 2 ** 20 };

/** MiB of a size such as `10G`, `512M`, `1.5g`, or a bare number, which counts MiB as in Packer. Undefined when it is none. */
export const sizeMbOf = (text: string): number | undefined => {
  const [, digits, unit = 'm'] = /^(\d+(?:\.\d+)?)\s*([bkmgt])?(?:i?b)?$/i.exec(text.trim()) ?? [];
  return digits === undefined ? undefined : Number(digits) * (scale[unit.toLowerCase()] ?? 1);
};

const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** Milliseconds of a duration as Go writes it (`1h30m`, `90s`, `1.5h`, `300ms`). Undefined when it is none. */
export const durationMsOf = (text: string): number | undefined => {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)];
  if (parts.length === 0 || parts.map(([whole]) => whole).join('') !== text.trim()) return undefined;
  return parts.reduce((sum, [, digits, unit = '']) => sum + Number(digits) * (unitMs[unit] ?? 0), 0);
};

/** A size in a document: text with a unit, or a number of MiB. At least 1 MiB, rounded down to whole MiB. */
export const SizeMb = z
  .union([z.string(), z.number()])
  .transform((value, context) => {
    const mb = typeof value === 'number' ? value : sizeMbOf(value);
    if (mb === undefined || !Number.isFinite(mb) || mb < 1 || mb > 2 ** 33) {
      context.addIssue({
        code: 'custom',
        message: `"${value}" is not a size of at least 1M: write "10G", "512M", or a number of megabytes`,
      });
      return z.NEVER;
    }
    return Math.floor(mb);
  })
  .meta({ description: 'A size: "10G", "512M", or a number of MiB.' });

/** A duration in a document: Go's notation, or a number of seconds. More than 0, at most 30 days, in milliseconds. */
export const Duration = z
  .union([z.string(), z.number()])
  .transform((value, context) => {
    const ms = typeof value === 'number' ? value * 1000 : durationMsOf(value);
    if (ms === undefined || !Number.isFinite(ms) || ms <= 0 || ms > 30 * 86_400_000) {
      context.addIssue({
        code: 'custom',
        message: `"${value}" is not a duration: write "90s", "1h30m", or a number of seconds`,
      });
      return z.NEVER;
    }
    return Math.ceil(ms);
  })
  .meta({ description: 'A duration: "90s", "1h30m", or a number of seconds.' });
