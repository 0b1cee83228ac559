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
import { makeByteRing } from './byte-ring.ts';
import { Fault } from './fault.ts';
import type { Growth } from './growth.ts';
import { deferred } from './waiting.ts';

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
  /** Resolves when everything is on file. Rejects with the error of the disk, or as a flood. */
  readonly flush: () => Promise<void>;
  /** Rejects as soon as a write has failed or the guest floods, even while nothing is appended. Never resolves. */
  readonly failed: Promise<never>;
};

/** How much of what came last is kept when there is no more room. */
export const keptTailBytes = 128 * 1024;

// Small pieces of a slow line are written as they come; a fast line fills this much while one write is under way.
const mostWaiting = 256 * 1024;

const largestReserve = 1024 * 1024;
const leastTold = 4 * 1024;
const newline = 10;

type Parts = {
  readonly growth: Growth;
  readonly bound: Bound;
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

/** Opens the file at `path` for appending, and tells `growth` whenever bytes are on it. What it has already counts. */
export const openBoundedFile = async (
  path: string,
  { growth, bound, what, notice, lineEnd }: Parts,
): Promise<BoundedFile> => {
  const file = await open(path, 'a', 0o640);
  let size = (await file.stat()).size;
  const wholeBytes = bound.bytes - Math.min(largestReserve, Math.floor(bound.bytes / 4));
  let reserve = Math.max(0, bound.bytes - Math.max(size, wholeBytes));
  let full = size >= wholeBytes;
  let given = 0;
  let leftOut = 0;
  let endsLine = true;
  let passing = 0;
  const ring = makeByteRing(keptTailBytes);

  let waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  let writing: Promise<void> | undefined;
  let failure: { readonly error: unknown } | undefined;
  let freed = deferred<void>();
  const failed = deferred<never>();

  const fail = (error: unknown) => {
    if (failure) return;
    failure = { error };
    failed.reject(error);
  };
  const throwFailure = () => {
    if (failure) throw failure.error;
  };
  const writeAll = async () => {
    while (waiting.length > 0 && !failure) {
      const [first, ...rest] = waiting;
      const batch = first && rest.length === 0 ? first : Buffer.concat(waiting);
      waiting = [];
      waitingBytes = 0;
      try {
        // A write may take less than it was given, as the last one before a full disk does.
        for (let at = 0; at < batch.byteLength;)
          at += (await file.write(batch, at, batch.byteLength - at)).bytesWritten;
        growth.grew(path);
      } catch (error) {
        fail(error);
      }
      const told = freed;
      freed = deferred();
      told.resolve();
    }
    writing = undefined;
  };
  const put = (bytes: Uint8Array) => {
    if (bytes.byteLength === 0) return;
    waiting.push(bytes);
    waitingBytes += bytes.byteLength;
    size += bytes.byteLength;
    endsLine = bytes.at(-1) === newline;
    writing ??= writeAll();
  };
  /** The end of what was left out, and how much that was. */
  const tell = (most: number) => {
    if (leftOut + ring.length() === 0) return;
    const had = ring.length();
    const end = ring.take(most);
    // It begins with a whole line where it does not begin at the beginning.
    const begins = leftOut > 0 || end.byteLength < had ? end.indexOf(newline) + 1 : 0;
    const kept = end.subarray(begins);
    const lost = leftOut + had - kept.byteLength;
    if (lost > 0) put(Buffer.from(`${endsLine ? '' : lineEnd}${notice(lost)}${lineEnd}`));
    put(kept);
    reserve = Math.max(0, reserve - kept.byteLength);
    leftOut = 0;
  };
  // Each time an eighth of what is left, so that there is always something left.
  const tellSome = () => tell(Math.max(leastTold, Math.floor(reserve / 8)));
  const keepEnd = (bytes: Uint8Array) => {
    const had = ring.length();
    ring.put(bytes);
    leftOut += had + bytes.byteLength - ring.length();
  };
  /** As much of the bytes as there is room for, to the end of a line where there is one. */
  const fitting = (bytes: Uint8Array, most: number): Uint8Array => {
    if (bytes.byteLength <= most) return bytes;
    const end = Buffer.from(bytes.buffer, bytes.byteOffset, most).lastIndexOf(newline) + 1;
    return bytes.subarray(0, end === 0 ? most : end);
  };
  const room = async () => {
    while (waitingBytes >= mostWaiting && !failure) await freed.promise;
  };
  const count = (bytes: number) => {
    given += bytes;
    if (given > bound.floodBytes) fail(floods(what, bound));
  };
  return {
    append: async (bytes) => {
      count(bytes.byteLength);
      throwFailure();
      const most = full ? passing : wholeBytes - size;
      const direct = fitting(bytes, Math.max(0, most));
      put(direct);
      if (full) passing -= direct.byteLength;
      full ||= direct.byteLength < bytes.byteLength;
      if (direct.byteLength < bytes.byteLength) {
        passing = 0;
        keepEnd(bytes.subarray(direct.byteLength));
      }
      await room();
      throwFailure();
    },
    always: (bytes) => {
      tellSome();
      put(bytes);
    },
    pass: (bytes) => {
      tellSome();
      passing = bytes;
    },
    leaveOut: (bytes) => {
      count(bytes);
      leftOut += ring.length() + bytes;
      ring.take(0);
    },
    isFull: () => full,
    room,
    flush: async () => {
      tell(Math.max(leastTold, reserve));
      await writing;
      throwFailure();
    },
    failed: failed.promise,
    [Symbol.asyncDispose]: async () => {
      tell(Math.max(leastTold, reserve));
      await writing;
      await file.close();
    },
  };
};
