import { open, stat } from 'node:fs/promises';

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
  await using file = await open(log, 'r');
  const { size } = await file.stat();
  const from = Math.max(start, size - mostBytes);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.max(0, size - from)), 0, undefined, from);
  return buffer
    .toString('utf8', 0, bytesRead)
    .trim()
    .replaceAll(/\s*\n\s*/g, '; ');
};
