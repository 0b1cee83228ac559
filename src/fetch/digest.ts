import { createHash } from 'node:crypto';
import type { Stats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { scratchOf } from '../base/file/scratch.ts';
import type { ChecksumAlgorithm } from './checksum.ts';

/** What tells whether a file may have changed since it was hashed. */
export type Stamp = {
  readonly size: number;
  readonly mtimeMs: number;
  /** Cannot be set back, as `touch -r` does with mtime. */
  readonly ctimeMs: number;
  readonly ino: number;
};

export const stampOf = ({ size, mtimeMs, ctimeMs, ino }: Stats): Stamp => ({ size, mtimeMs, ctimeMs, ino });

export const isSame = (one: Stamp | undefined, other: Stamp): boolean =>
  one?.size === other.size && one.mtimeMs === other.mtimeMs && one.ctimeMs === other.ctimeMs && one.ino === other.ino;

const blockBytes = 1024 * 1024;

const block = scratchOf(blockBytes);

/** Feeds the first `bytes` of a file to the hash; returns how many there were. */
export const hashInto = async (
  hash: { readonly update: (bytes: Uint8Array) => unknown },
  handle: FileHandle,
  bytes: number,
  signal?: AbortSignal,
): Promise<number> => {
  using scratch = block();
  let at = 0;
  while (at < bytes) {
    signal?.throwIfAborted();
    const { bytesRead } = await handle.read(scratch.buffer, 0, Math.min(blockBytes, bytes - at), at);
    if (bytesRead === 0) break;
    hash.update(scratch.buffer.subarray(0, bytesRead));
    at += bytesRead;
  }
  return at;
};

/** The digest of a whole file, in hexadecimal. */
export const hexOf = async (handle: FileHandle, algorithm: ChecksumAlgorithm = 'sha256'): Promise<string> => {
  const hash = createHash(algorithm);
  await hashInto(hash, handle, Number.MAX_SAFE_INTEGER);
  return hash.digest('hex');
};
