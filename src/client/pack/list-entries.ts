import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../../base/fault.ts';
import { isWithin } from '../../base/file/is-within.ts';
import type { Ignored } from '../../base/file/ignored.ts';
import type { PackEntry, PackLimits } from './types.ts';

const refuse = (path: string, why: string, cause?: unknown): Fault =>
  new Fault('context_invalid', `${JSON.stringify(path)} ${why}`, { entry: path }, { cause });

const leaveOut = 'or leave it out with .imagedignore';

/** By its bytes: the same on every system. */
const byName = (one: Dirent, other: Dirent) => Buffer.compare(Buffer.from(one.name), Buffer.from(other.name));

/**
 * Where a symbolic link leads: the archive has no links, so the file itself is sent, if it lies in the folder. A link to a
 * folder could lead round in a circle.
 */
const targetOf = async (link: string, path: string, top: string): Promise<string> => {
  const target = await realpath(link).catch((error: unknown) => {
    throw refuse(path, `is a symbolic link that leads nowhere: mend it, ${leaveOut}.`, error);
  });
  if (!isWithin(top, target))
    throw refuse(path, `is a symbolic link out of the folder, to ${target}: copy the file into it, ${leaveOut}.`);
  const facts = await stat(target);
  if (!facts.isFile()) throw refuse(path, `is a symbolic link to what is no file: name the thing itself, ${leaveOut}.`);
  return target;
};

const fileAt = async (from: string, path: string): Promise<PackEntry> => {
  const facts = await stat(from);
  return { kind: 'file', path, from, bytes: facts.size, isExecutable: (facts.mode & 0o100) !== 0 };
};

const entryOf = async (entry: Dirent, path: string, top: string): Promise<PackEntry> => {
  const at = join(top, path);
  if (entry.isDirectory()) return { kind: 'folder', path };
  if (entry.isSymbolicLink()) return fileAt(await targetOf(at, path, top), path);
  if (entry.isFile()) return fileAt(at, path);
  throw refuse(path, `is a device, a socket or a named pipe, which cannot be sent: remove it, ${leaveOut}.`);
};

/** Throws `too_large` as soon as what was found is more than the host takes. */
const countEntries = ({ files, bytes }: PackLimits) => {
  const seen = { files: 0, bytes: 0 };
  return (entry: PackEntry) => {
    seen.files += 1;
    seen.bytes += entry.kind === 'file' ? entry.bytes : 0;
    const over =
      seen.files > files
        ? `more than the ${files} files and folders`
        : seen.bytes > bytes
          ? `more than the ${Math.floor(bytes / 2 ** 20)} MB`
          : undefined;
    if (over === undefined) return;
    throw new Fault(
      'too_large',
      `The folder has ${over} that the host takes as a context, with ${JSON.stringify(entry.path)} and what comes before it. Leave out what the template does not name, with .imagedignore.`,
    );
  };
};

/**
 * What of a folder is sent, each folder before what it has, in the order of the bytes of their names. Throws `too_large`,
 * or `context_invalid` for what the host would refuse.
 */
export const listEntries = async (
  folder: string,
  ignored: Ignored,
  limits: PackLimits,
  signal: AbortSignal,
): Promise<readonly PackEntry[]> => {
  const top = await realpath(folder);
  const count = countEntries(limits);
  const entries: PackEntry[] = [];
  const visit = async (below: string): Promise<void> => {
    signal.throwIfAborted();
    const found = await readdir(join(top, below), { withFileTypes: true });
    for (const one of found.toSorted(byName)) {
      const path = below === '' ? one.name : `${below}/${one.name}`;
      // Node gives this character for bytes that are no UTF-8, and finds no file by it.
      if (one.name.includes('\ufffd')) throw refuse(path, `has a name that is no UTF-8: rename it.`);
      if (ignored(one.isDirectory() ? `${path}/` : path)) continue;
      const entry = await entryOf(one, path, top);
      count(entry);
      entries.push(entry);
      if (entry.kind === 'folder') await visit(path);
    }
  };
  await visit('');
  return entries;
};
