import { stat } from 'node:fs/promises';
import { tailOf } from '../../../base/file/tail.ts';

const mostBytes = 2048;

/** How long a log is by now: where the words of the next QEMU begin. */
export const logEnd = async (log: string): Promise<number> => {
  try {
    return (await stat(log)).size;
  } catch {
    return 0; // no log yet
  }
};

/** The last words that QEMU wrote to its log from `start` on, in one line; empty when it said nothing. */
export const lastWords = async (log: string, start: number): Promise<string> => {
  // A log that has begun anew is shorter than it was.
  const hasBegunAnew = (await logEnd(log)) < start;
  const words = await tailOf(log, mostBytes, hasBegunAnew ? 0 : start);
  return words.trim().replaceAll(/\s*\n\s*/g, '; ');
};
