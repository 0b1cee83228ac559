import { createHash } from 'node:crypto';
import { link, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno, unlessErrno } from '../base/errno.ts';
import { Fault } from '../base/fault.ts';
import { artifactName } from '../base/artifact-name.ts';
import { eachBlock } from './each-block.ts';
import { syncFolder } from '../base/file/sync-folder.ts';
import type { Artifact, Digest } from './types.ts';

type Publication = {
  /** The finished file, in the same file system as `folder`. It is gone afterwards. */
  readonly from: string;
  readonly folder: string;
  readonly name: string;
  readonly mediaType: string;
  /** What is known of `from` already; without it the file is read. */
  readonly known?: Digest;
  /** Another file of this name is what an earlier attempt at the same build left: it is replaced, not respected. */
  readonly replacesLeftover?: boolean;
  readonly signal: AbortSignal;
};

/**
 * Puts a file among the artifacts: whole, on the disk, mode 0440, or not at all. Called again after a crash it finds what
 * it had done. Throws `disk_failed` when another file has the name, `template_invalid` for a name that no file can have.
 */
export const publishFile = async (publication: Publication): Promise<Artifact> => {
  const { folder, mediaType, from, replacesLeftover = false, signal } = publication;
  const name = artifactName(publication.name);
  const target = join(folder, name);
  const written = await sealed(from, publication.known, signal);
  if (!written) {
    const published = await sealed(target, undefined, signal);
    if (published) return { name, mediaType, ...published };
    throw new Fault('disk_failed', `${from} was to be published as ${name}, but it is not there`, { from });
  }
  signal.throwIfAborted();
  if (replacesLeftover) await rename(from, target);
  else await linkAnew(from, target, written.sha256, signal);
  await syncFolder(folder);
  return { name, mediaType, ...written };
};

/** Size and digest of a file that from now on is on the disk and read-only; undefined when there is none. */
const sealed = async (path: string, known: Publication['known'], signal: AbortSignal) => {
  await using file = await openIfThere(path);
  if (!file) return undefined;
  await file.chmod(0o440);
  await file.sync();
  if (known) return { size: known.size, sha256: known.sha256 };
  const hash = createHash('sha256');
  const size = await eachBlock(file, signal, (block) => void hash.update(block));
  return { size, sha256: hash.digest('hex') };
};

// link(2) fails where rename(2) would replace.
const linkAnew = async (from: string, target: string, sha256: string, signal: AbortSignal) => {
  try {
    await link(from, target);
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
    const other = await sealed(target, undefined, signal);
    if (other?.sha256 !== sha256)
      throw new Fault(
        'disk_failed',
        `${target} is another file already. Choose another name, or remove it.`,
        { expected: `SHA-256 ${sha256}`, saw: `SHA-256 ${other?.sha256 ?? 'none'}` },
        { cause: error },
      );
  }
  await rm(from);
};

const openIfThere = (path: string) => unlessErrno(open(path, 'r'), 'ENOENT');
