import { Fault } from '../base/fault.ts';
import type { Ran } from '../base/program.ts';
import type { Host } from './types.ts';

/** What a program that was run gives, or undefined when it is not installed. */
export const ifInstalled = (run: Promise<Ran>): Promise<Ran | undefined> =>
  run.catch((error: unknown) => {
    if (error instanceof Fault && error.code === 'program_missing') return undefined;
    throw error;
  });

/** What a program prints, on either stream; undefined when it is not installed. */
export const printedBy = async (
  host: Host,
  program: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<string | undefined> => {
  const ran = await ifInstalled(host.run(program, args, signal));
  return ran && ran.stdout + ran.stderr;
};

export const firstLine = (text: string): string => text.trim().split('\n')[0] ?? '';
