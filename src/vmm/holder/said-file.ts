/*
 * The file that takes what a guest says, whether or not a daemon is there. Nobody shortens it, so its growth has a bound:
 *
 *   attended --- the last daemon goes ---> ahead --- `mostAhead` bytes later ---> full
 *      ^                                     |                                    |
 *      +----------------- a daemon comes ----+------------------------------------+
 *
 * attended: all goes to the file; a daemon that reads it ends a build whose guest floods.
 * ahead:    all goes to the file.
 * full:     nothing does. A line that can wait holds its breath. Of one that cannot, the end is kept in memory, and comes
 *           behind a line that says how much was left out.
 * A disk without room is the same as full.
 */

import { closeSync, openSync, writeSync } from 'node:fs';
import { isErrno } from '../../base/errno.ts';
import { bytesLeftOut, makeLeftOut } from '../../base/file/left-out.ts';

export type SaidFile = Disposable & {
  /** Puts what there is room for on file, and gives the rest. */
  readonly put: (bytes: Uint8Array) => Uint8Array;
  /** Leaves bytes out, of which the end comes later. */
  readonly leaveOut: (bytes: Uint8Array) => void;
  /** A daemon has come, or the last one has gone. */
  readonly attend: (by: 'daemon' | 'nobody') => void;
};

const isFull = (error: unknown): boolean => isErrno(error, 'ENOSPC', 'EDQUOT');

/** Opens the file at `path` for appending. Throws the errors of the file system, but for a disk without room. */
export const openSaid = (path: string, mostAhead: number): SaidFile => {
  const file = openSync(path, 'a', 0o600);
  const leftOut = makeLeftOut();
  let isAttended = false;
  let ahead = 0;
  // What must come before anything else, and found no room on the disk.
  let first: Uint8Array = new Uint8Array();

  /** Gives what found no room on the disk. */
  const write = (bytes: Uint8Array): Uint8Array => {
    let rest = bytes;
    try {
      while (rest.byteLength > 0) rest = rest.subarray(writeSync(file, rest));
    } catch (error) {
      if (!isFull(error)) throw error;
    }
    if (!isAttended) ahead += bytes.byteLength - rest.byteLength;
    return rest;
  };
  /** Whether nothing is left that was left out. */
  const tell = (): boolean => {
    const found = first.byteLength > 0 ? undefined : leftOut.take(Infinity);
    if (found !== undefined)
      first = Buffer.concat([Buffer.from(found.lost > 0 ? `\r\n${bytesLeftOut(found.lost)}\r\n` : ''), found.kept]);
    first = write(first);
    return first.byteLength === 0;
  };
  return {
    put: (bytes) => {
      const most = isAttended ? Infinity : mostAhead - ahead;
      if (most <= 0 || !tell()) return bytes;
      const rest = write(bytes.subarray(0, most));
      return bytes.subarray(Math.min(most, bytes.byteLength) - rest.byteLength);
    },
    leaveOut: leftOut.put,
    attend: (by) => {
      isAttended = by === 'daemon';
      ahead = 0;
      if (isAttended) tell();
    },
    [Symbol.dispose]: () => {
      tell();
      closeSync(file);
    },
  };
};
