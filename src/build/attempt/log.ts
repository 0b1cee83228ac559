import { mkdir, truncate } from 'node:fs/promises';
import { dirname } from 'node:path';
import { openBoundedFile, type Bound } from '../../base/bounded-file.ts';
import { keptTailBytes } from '../../base/file/left-out.ts';
import type { Clock } from '../../base/clock.ts';
import type { Growth } from '../../base/growth.ts';
import { visible } from '../../base/text/visible.ts';

/** How a line that a guest caused begins: what it printed, what it printed to stderr, and what imaged tells of it. */
export type Mark = '  ' | '! ' | '';

/** A build's log: lines for people, each with its time. Disposing it waits until all are on file. */
export type AttemptLog = AsyncDisposable & {
  /** A line of imaged's own, which is never left out. */
  readonly write: (line: string) => void;
  /** Lines that the guest can cause in any number. Resolves when there is room for more; never rejects. */
  readonly said: (lines: readonly string[], mark: Mark) => Promise<void>;
  /** Resolves to how long the file is, when all of that is on it. */
  readonly mark: () => Promise<number>;
  /** Resolves when there is room for more; never rejects. */
  readonly room: () => Promise<void>;
};

// Colours and cursor movements (ECMA-48, CSI) say nothing to a reader; every other control character is named.
const sequences = /\x1b\[[0-?]{0,32}[ -/]{0,4}[@-~]/g;

// What a terminal would overwrite is a line of its own.
const shown = (text: string): string => visible(text.replace(sequences, '').replace(/\r+\n?/g, '\n'));

const timeLength = new Date(0).toISOString().length + ' \n'.length;

type Parts = {
  readonly clock: Clock;
  readonly growth: Growth;
  readonly bound: Bound;
  /** Takes out what must not be shown. */
  readonly mask: (text: string) => string;
  /** Told of the first write that fails, and of a guest that floods; later lines are not tried. */
  readonly failed: (error: unknown) => void;
  /** What `mark` gave: the file is cut there, for what comes behind it will come again. */
  readonly from?: number | undefined;
};

/** Opens the log for appending. */
export const openLog = async (
  path: string,
  { clock, growth, bound, mask, failed, from }: Parts,
): Promise<AttemptLog> => {
  await mkdir(dirname(path), { recursive: true, mode: 0o750 });
  if (from !== undefined) await truncate(path, from);
  const time = () => new Date(clock.now()).toISOString();
  const notice = (bytes: number) => `${time()} ... ${bytes} bytes left out ...`;
  const file = await openBoundedFile(path, { growth, bound, what: 'log', notice, lineEnd: '\n' });
  file.failed.catch(failed);

  const bytesOf = (text: string, mark: string, next = mark) => {
    const [first = '', ...others] = shown(mask(text)).split('\n');
    const stamp = time();
    return Buffer.from([`${stamp} ${mark}${first}`, ...others.map((line) => `${stamp} ${next}${line}`), ''].join('\n'));
  };
  /** The last of the lines that may still be kept; the others are only counted. */
  const lastOf = (lines: readonly string[], mark: Mark): readonly string[] => {
    const perLine = timeLength + mark.length;
    let first = lines.length;
    for (let length = 0; first > 0 && length < keptTailBytes; first--)
      length += (lines[first - 1] ?? '').length + perLine;
    if (first === 0) return lines;
    file.leaveOut(lines.slice(0, first).reduce((sum, line) => sum + line.length + perLine, 0));
    return lines.slice(first);
  };
  return {
    // A second line of it may be a guest's words, and must not look like imaged's own.
    write: (line) => file.always(bytesOf(line, '', '| ')),
    said: async (lines, mark) => {
      if (lines.length === 0) return;
      const kept = file.isFull() ? lastOf(lines, mark) : lines;
      // Its error was told already.
      await file.append(bytesOf(kept.join('\n'), mark)).catch(() => undefined);
    },
    mark: async () => {
      const length = file.size();
      await file.written();
      return length;
    },
    room: file.room,
    [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
  };
};
