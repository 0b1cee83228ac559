import { Fault } from '../fault.ts';
import type { Host } from './types.ts';

/** What a program prints, on either stream; undefined when it is not installed. */
export const printedBy = async (
  host: Host,
  program: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<string | undefined> => {
  try {
    const { stdout, stderr } = await host.run(program, args, signal);
    return stdout + stderr;
  } catch (error) {
    if (error instanceof Fault && error.code === 'program_missing') return undefined;
    throw error;
  }
};

export const firstLine = (text: string): string => text.trim().split('\n')[0] ?? '';
