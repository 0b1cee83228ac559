import { createHash } from 'node:crypto';
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extract, type Extract } from 'tar-stream';
import { asFault, Fault } from '../base/fault.ts';
import { bounded, inflate, type Encoding, type Stage } from './inflate.ts';
import { refuseOther } from './refuse-other.ts';
import { tarGuard } from './tar-guard.ts';
import { makeBehind } from './behind.ts';
import { unpackEntries, type UnpackLimits, type Unpacked, type Unpacking } from './unpack-entries.ts';

export type Context = {
  readonly files: number;
  readonly bytes: number;
  /** SHA-256 of paths, modes and contents, in hex: the same however the archive was packed. */
  readonly digest: string;
};

const digestOf = (unpacked: Unpacked): string => {
  const hash = createHash('sha256');
  for (const path of [...unpacked.keys()].sort()) {
    const what = unpacked.get(path);
    hash.update(typeof what === 'object' ? `${what.mode.toString(8)} ${what.sha256} ${path}\0` : `folder ${path}\0`);
  }
  return hash.digest('hex');
};

const blockBytes = 512;

const opened =
  (encoding: Encoding): Stage =>
  (bytes) =>
    inflate(encoding)(refuseOther(encoding)(bytes));

/** Passes bytes on and judges their end: a tar ends with a block of zeros, and one that was cut off may well not. */
const withItsEnd: Stage = async function* (bytes) {
  let seen = 0;
  let last = Buffer.alloc(0);
  for await (const chunk of bytes) {
    seen += chunk.length;
    last = Buffer.concat([last, chunk.subarray(-blockBytes)]).subarray(-blockBytes);
    yield chunk;
  }
  if (seen < blockBytes || last.some((byte) => byte !== 0))
    throw new Fault('context_invalid', 'The body is no tar archive, or its end is missing: send it again, whole.');
};

/**
 * The error to tell: two ends of one pipe failed together, and one of them only says that the other has gone. A full
 * disk and our own stop are what they are; whatever else breaks while an archive is read is the archive's.
 */
const blame = (errors: readonly unknown[], signal: AbortSignal): unknown => {
  if (signal.aborted) return signal.reason;
  const faults = errors.map(asFault);
  const known = faults.find((fault) => fault.code !== 'internal');
  if (known !== undefined) return known;
  // Errors of the file system have a name for the call that failed.
  const host = errors.find((error) => error instanceof Error && 'syscall' in error);
  if (host !== undefined) return host;
  const said = faults[0]?.message ?? '';
  // tar-stream's own words advise what does not fit: that the archive be unpacked first.
  const why = said.startsWith('Invalid tar header') ? 'a header in it is damaged' : said.replace(/\.$/, '');
  return new Fault('context_invalid', `The archive cannot be unpacked: ${why}.`, {}, { cause: errors[0] });
};

const syncFolders = async (folder: string, unpacked: Unpacked) => {
  for (const [path, what] of [['', 'folder'], ...unpacked] as const) {
    if (what !== 'folder') continue;
    await using handle = await open(join(folder, path));
    await handle.sync();
  }
};

const unpackAll = async (archive: Extract, unpacking: Unpacking): Promise<void> => {
  const { folder, lasts, unpacked, behind } = unpacking;
  try {
    await unpackEntries(archive, unpacking);
  } finally {
    await behind.ended();
  }
  if (lasts) await syncFolders(folder, unpacked);
};

/**
 * Unpacks a tar, plain or compressed, into a new folder: modes 0700 and 0600, no links, no devices, nothing outside.
 * Throws `context_invalid`, `too_large` or `storage_full`, or the signal's reason; then the folder is gone again.
 */
export const unpackContext = async (ask: {
  readonly body: Readable;
  readonly encoding: Encoding;
  /** Must not exist; its parent must. */
  readonly folder: string;
  readonly limits: UnpackLimits;
  /** Whether it is flushed to the disk: a build that has been accepted must find its context after a power cut. */
  readonly lasts: boolean;
  readonly signal: AbortSignal;
}): Promise<Context> => {
  const { body, encoding, folder, limits, lasts, signal } = ask;
  signal.throwIfAborted();
  await mkdir(folder, { mode: 0o700 });
  const archive = extract();
  const unpacked: Unpacked = new Map();
  // Headers, long names and padding come on top of the files; tar pads its end to 10 KiB.
  const mostBytes = limits.bytes + limits.files * 8 * blockBytes + 64 * 1024;
  // Both ends are awaited before anything is removed, so that nothing is written behind the removal's back.
  const ends = await Promise.allSettled([
    pipeline(body, opened(encoding), bounded(mostBytes), tarGuard, withItsEnd, archive, { signal }),
    unpackAll(archive, { folder, limits, lasts, unpacked, behind: makeBehind(signal) }),
  ]);
  const errors = ends.flatMap((end): unknown[] => (end.status === 'rejected' ? [end.reason] : []));
  if (errors.length > 0) {
    await rm(folder, { recursive: true, force: true });
    throw blame(errors, signal);
  }
  const files = [...unpacked.values()].flatMap((what) => (what === 'folder' ? [] : [what]));
  return {
    files: files.length,
    bytes: files.reduce((sum, file) => sum + file.bytes, 0),
    digest: digestOf(unpacked),
  };
};
