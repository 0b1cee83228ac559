/**
 * A login shell may print something of its own before it runs what it is given: an echo in .bashrc or .cshrc does. So what
 * imaged sends says first, on stdout, that it has begun; what stands in front of that is not a command's.
 */

/** What says so, on a line of its own behind whatever was printed without the end of a line. */
export const beginOf = (marker: string): string => `${marker}:`;

// What a shell says of itself is short; a guest that goes on without end must not grow the heap.
const mostKept = 4096;
const mostLines = 20;

/** Leaves out what stands in front of the mark, in bytes however they come. */
export const bytesBehind = (marker: string) => {
  const mark = Buffer.from(`${beginOf(marker)}\n`);
  let before = Buffer.alloc(0);
  let isBehind = false;
  return {
    take: (bytes: Uint8Array): Uint8Array => {
      if (isBehind) return bytes;
      const all = Buffer.concat([before, bytes]);
      const at = all.indexOf(mark);
      isBehind = at >= 0;
      before = isBehind ? Buffer.alloc(0) : Buffer.from(all.subarray(-mostKept));
      return isBehind ? all.subarray(at + mark.length) : Buffer.alloc(0);
    },
    hasCome: () => isBehind,
    /** What was left out, where the mark has not come. */
    said: (): readonly string[] =>
      before.length === 0 ? [] : before.toString().trimEnd().split('\n').slice(-mostLines),
  };
};

/** The same of whole lines. */
export const linesBehind = (marker: string) => {
  let before: readonly string[] = [];
  let isBehind = false;
  return {
    take: (lines: readonly string[]): readonly string[] => {
      if (isBehind) return lines;
      const at = lines.findIndex((line) => line.endsWith(beginOf(marker)));
      isBehind = at >= 0;
      before = isBehind ? [] : [...before, ...lines.slice(-mostLines)].slice(-mostLines);
      return isBehind ? lines.slice(at + 1) : [];
    },
    hasCome: () => isBehind,
    said: (): readonly string[] => before,
  };
};
