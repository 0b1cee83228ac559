import { makeByteRing } from '../byte-ring.ts';

/** How much of what came last is kept when there is no more room. */
export const keptTailBytes = 128 * 1024;

export const newline = 10;

/** What is left out: how much it is, and its end. */
export const makeLeftOut = () => {
  const ring = makeByteRing(keptTailBytes);
  let bytes = 0;
  return {
    put: (more: Uint8Array) => {
      const had = ring.length();
      ring.put(more);
      bytes += had + more.byteLength - ring.length();
    },
    /** Counts bytes that were never made: there is no end to keep then. */
    count: (more: number) => {
      bytes += ring.length() + more;
      ring.take(0);
    },
    /** At most so much of its end, and how much is lost; undefined when nothing was left out. Counts anew. */
    take: (most: number) => {
      if (bytes + ring.length() === 0) return undefined;
      const had = ring.length();
      const end = ring.take(most);
      // It begins with a whole line where it does not begin at the beginning.
      const begins = bytes > 0 || end.byteLength < had ? end.indexOf(newline) + 1 : 0;
      const kept = end.subarray(begins);
      const lost = bytes + had - kept.byteLength;
      bytes = 0;
      return { kept, lost };
    },
  };
};

/** What stands in a console where so many bytes were left out, on a line of its own. */
export const bytesLeftOut = (bytes: number): string => `... ${bytes} bytes left out ...`;
