import { z } from 'zod';
import type { Finding } from './types.ts';

/** What `imaged check --json` prints. */
export const FindingsReport = z.object({
  /** Whether nothing fails. */
  fit: z.boolean(),
  checks: z.array(
    z.object({
      name: z.string(),
      state: z.enum(['ok', 'warn', 'fail']),
      message: z.string(),
      fix: z.string().optional(),
    }),
  ),
});
export type FindingsReport = z.infer<typeof FindingsReport>;

export const reportOf = (findings: readonly Finding[]): FindingsReport => ({
  fit: findings.every(({ state }) => state !== 'fail'),
  checks: [...findings],
});

/** One line for each: state, name, what was found, and what to type. */
export const linesOf = (findings: readonly Finding[]): string => {
  const width = Math.max(...findings.map(({ name }) => name.length));
  return findings
    .map(({ name, state, message, fix }) => {
      const found = message.replaceAll(/\s*\n\s*/g, '; ');
      return `${state.padEnd(4)}  ${name.padEnd(width)}  ${found}${fix === undefined ? '' : `. To fix it: ${fix}`}\n`;
    })
    .join('');
};
