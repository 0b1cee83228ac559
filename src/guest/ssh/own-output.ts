import { StringDecoder } from 'node:string_decoder';
import type { OnLines } from '../types.ts';

// Behind the mark: a blank, the exit code and a newline. A guest that goes on without end must not grow the heap.
const longestCode = 16;

// A line without end must not grow the heap: it is cut where it passes this.
const longestLine = 16 * 1024;

/** Bytes as lines; `end` tells the last, which may be without its end. */
const inLines = (onLines: OnLines) => {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  return {
    take: async (bytes: Uint8Array): Promise<void> => {
      const lines = (rest + decoder.write(Buffer.from(bytes))).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > longestLine) {
        lines.push(rest);
        rest = '';
      }
      if (lines.length > 0) await onLines(lines, 'stdout');
    },
    end: async (): Promise<void> => {
      rest += decoder.end();
      if (rest !== '') await onLines([rest], 'stdout');
    },
  };
};

/** How many bytes at the end may be the beginning of the mark. */
const begunAt = (bytes: Buffer, mark: Buffer): number => {
  for (let count = Math.min(bytes.length, mark.length - 1); count > 0; count--)
    if (bytes.subarray(bytes.length - count).equals(mark.subarray(0, count))) return count;
  return 0;
};

/**
 * Takes what a shell that goes on prints for one script: all before the mark is the script's, and is told at once; behind the mark
 * stands its exit code.
 */
export const untilMark = (
  marker: string,
  { onLines, onBytes }: { onLines: OnLines; onBytes?: ((bytes: Uint8Array) => Promise<void> | void) | undefined },
  onEnd: (exitCode: number) => void,
) => {
  const mark = Buffer.from(marker);
  const lines = inLines(onLines);
  const tell = onBytes ?? lines.take;
  let held = Buffer.alloc(0);
  return async (bytes: Uint8Array): Promise<void> => {
    const all = Buffer.concat([held, bytes]);
    const at = all.indexOf(mark);
    const own = at < 0 ? all.length - begunAt(all, mark) : at;
    held = all.subarray(own, own + mark.length + longestCode);
    if (own > 0) await tell(all.subarray(0, own));
    const code = at < 0 ? undefined : /^ (\d{1,3})\n/.exec(held.toString('latin1', mark.length))?.[1];
    if (code === undefined) return;
    if (onBytes === undefined) await lines.end();
    onEnd(Number(code));
  };
};
