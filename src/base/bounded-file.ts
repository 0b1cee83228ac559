/*
 * A text of a build, which its guest writes: it only grows, it is bounded, and its middle is what is left out.
 *
 *   whole --- the file is as long as `bytes` less the reserve ---> full
 *
 * whole: what comes goes to the file.
 * full:  what comes goes to a ring in memory. What must be in the file (`always`, `pass`, the end) is preceded by a line
 *        that says how much was left out, and by the end of what the ring has; that draws on the reserve.
 * A guest that writes more than `floodBytes` floods: the file takes no more. A kill -9 loses what is in the ring.
 */

import { open } from 'node:fs/promises';
import { Fault } from './fault.ts';
import { makeWriteQueue, type WriteQueue } from './file/write-queue.ts';
import type { Growth } from './growth.ts';
import { makeLeftOut, newline } from './file/left-out.ts';

export type Bound = {
  /** How long the file may become. */
  readonly bytes: number;
  /** More than this in one go is a flood. */
  readonly floodBytes: number;
};

export type BoundedFile = AsyncDisposable & {
  /** Puts bytes in line for the disk; resolves when there is room for more. Rejects with the error of the disk, or as a flood. */
  readonly append: (bytes: Uint8Array) => Promise<void>;
  /** The same for what is never left out. The caller keeps it small. */
  readonly always: (bytes: Uint8Array) => void;
  /** The next so many bytes are not left out. The caller uses it rarely. */
  readonly pass: (bytes: number) => void;
  /** Counts bytes that are left out without having been made; only where `isFull`. */
  readonly leaveOut: (bytes: number) => void;
  readonly isFull: () => boolean;
  /** Resolves when there is room for more. Never rejects. */
  readonly room: () => Promise<void>;
  /** How long the file is when all that waits for the disk is on it. */
  readonly size: () => number;
  /** Resolves when all of that is on it, or writing has failed. Never rejects. */
  readonly written: () => Promise<void>;
  /** Resolves when everything is on file. Rejects with the error of the disk, or as a flood. */
  readonly flush: () => Promise<void>;
  /** Rejects as soon as a write has failed or the guest floods, even while nothing is appended. Never resolves. */
  readonly failed: Promise<never>;
};

const largestReserve = 1024 * 1024;
const leastTold = 4 * 1024;

type Parts = {
  readonly growth: Growth;
  readonly bound: Bound;
  /** How many bytes an earlier daemon was given in the same go. Default: none. */
  readonly given?: number;
  /** What is in the file, for people: "log". */
  readonly what: string;
  /** What stands where bytes were left out, on a line of its own. */
  readonly notice: (bytes: number) => string;
  readonly lineEnd: '\n' | '\r\n';
};

const floods = (what: string, { bytes, floodBytes }: Bound): Fault =>
  new Fault(
    'guest_floods',
    `The guest has written more than ${Math.floor(floodBytes / 2 ** 20)} MB to the ${what} of this build, which keeps ${Math.floor(bytes / 2 ** 20)} MB. Let it say less, or raise "${what}" in the configuration.`,
    { expected: `at most ${floodBytes} bytes in the ${what}`, saw: 'more' },
  );

/** As much of the bytes as there is room for, to the end of a line where there is one. */
const fitting = (bytes: Uint8Array, most: number): Uint8Array => {
  if (bytes.byteLength <= most) return bytes;
  const end = Buffer.from(bytes.buffer, bytes.byteOffset, most).lastIndexOf(newline) + 1;
  return bytes.subarray(0, end === 0 ? most : end);
};

/** The file itself: whole lines go into it, and where some were left out it says so. */
const makeLines = (queue: WriteQueue, { notice, lineEnd }: Pick<Parts, 'notice' | 'lineEnd'>, bytes: number) => {
  const leftOut = makeLeftOut();
  let size = bytes;
  let endsLine = true;
  const put = (more: Uint8Array) => {
    if (more.byteLength === 0) return;
    queue.put(more);
    size += more.byteLength;
    endsLine = more.at(-1) === newline;
  };
  return {
    put,
    leftOut,
    size: () => size,
    /** Puts the end of what was left out, at most so much, and how much that was. Gives the bytes of the end. */
    tell: (most: number): number => {
      const { kept, lost } = leftOut.take(most) ?? { kept: new Uint8Array(), lost: 0 };
      if (lost > 0) put(Buffer.from(`${endsLine ? '' : lineEnd}${notice(lost)}${lineEnd}`));
      put(kept);
      return kept.byteLength;
    },
  };
};

/** Counts what a guest writes; the queue fails when that is a flood. */
const makeFloodCount = (queue: WriteQueue, what: string, bound: Bound, before: number) => {
  let given = before;
  return (bytes: number): void => {
    given += bytes;
    if (given > bound.floodBytes) queue.fail(floods(what, bound));
  };
};

/** How long the file is when it is full: the rest is the reserve. */
const wholeBytesOf = ({ bytes }: Bound): number => bytes - Math.min(largestReserve, Math.floor(bytes / 4));

/** Opens the file at `path` for appending, and tells `growth` whenever bytes are on it. What it has already counts. */
// One closure, though long: all of it is about one file's bytes.
export const openBoundedFile = async (
  path: string,
  { growth, bound, what, given = 0, ...words }: Parts,
): Promise<BoundedFile> => {
  const file = await open(path, 'a', 0o640);
  const queue = makeWriteQueue(file, () => growth.grew(path));
  const count = makeFloodCount(queue, what, bound, given);
  const lines = makeLines(queue, words, (await file.stat()).size);
  const wholeBytes = wholeBytesOf(bound);
  let reserve = Math.max(0, bound.bytes - Math.max(lines.size(), wholeBytes));
  let full = lines.size() >= wholeBytes;
  let passing = 0;
  const tell = (most: number) => {
    reserve = Math.max(0, reserve - lines.tell(Math.max(leastTold, most)));
  };
  // Each time an eighth of what is left, so that there is always something left.
  const tellSome = () => tell(Math.floor(reserve / 8));
  const write = (bytes: Uint8Array) => {
    const direct = fitting(bytes, Math.max(0, full ? passing : wholeBytes - lines.size()));
    lines.put(direct);
    if (full) passing -= direct.byteLength;
    if (direct.byteLength === bytes.byteLength) return;
    full = true;
    passing = 0;
    lines.leftOut.put(bytes.subarray(direct.byteLength));
  };
  const writeEnd = async () => {
    tell(reserve);
    await queue.written();
  };
  return {
    append: async (bytes) => {
      count(bytes.byteLength);
      queue.throwIfFailed();
      write(bytes);
      await queue.room();
      queue.throwIfFailed();
    },
    always: (bytes) => {
      tellSome();
      lines.put(bytes);
    },
    pass: (bytes) => {
      tellSome();
      passing = bytes;
    },
    leaveOut: (bytes) => {
      count(bytes);
      lines.leftOut.count(bytes);
    },
    isFull: () => full,
    room: queue.room,
    size: lines.size,
    written: queue.written,
    flush: async () => {
      await writeEnd();
      queue.throwIfFailed();
    },
    failed: queue.failed,
    [Symbol.asyncDispose]: async () => {
      await writeEnd();
      await file.close();
    },
  };
};
