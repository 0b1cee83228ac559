import { readdir, stat } from 'node:fs/promises';
import { join, posix, relative } from 'node:path';
import { Fault } from '../../base/fault.ts';
import type { Input } from '../../base/program.ts';
import { shellQuoted as shellWord } from '../../base/text/shell.ts';
import type { FileRef } from '../../template/spec.ts';
import type { GuestTools } from '../kind.ts';

/** A file on its way into the guest. */
export type UploadEntry = {
  readonly name: string;
  readonly input: Input;
  readonly place: string;
  readonly isProgram: boolean;
};

export const isProgram = async (file: string): Promise<boolean> => ((await stat(file)).mode & 0o100) !== 0;

/** Every file below a folder, as it comes below `place`. */
export const entriesIn = async (folder: FileRef, place: string): Promise<readonly UploadEntry[]> => {
  const entries: UploadEntry[] = [];
  for (const entry of await readdir(folder.path, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    const below = relative(folder.path, file);
    if (entry.isDirectory()) continue;
    const name = posix.join(folder.shown, below);
    if (!entry.isFile())
      throw new Fault('template_invalid', `${name} is neither a file nor a folder: only those can be uploaded.`);
    entries.push({ name, input: { file }, place: posix.join(place, below), isProgram: await isProgram(file) });
  }
  return entries.sort((one, other) => (one.place < other.place ? -1 : 1));
};

/** Files, and the folders that have to be there for them. */
export type Tree = { readonly files: readonly UploadEntry[]; readonly folders: readonly string[] };

/** Copies files into the guest. `mode` is for all of them; without it they keep what they replace, or their own. */
export const uploadTree = async (
  { files, folders }: Tree,
  { guest, onLines, activity }: Pick<GuestTools, 'guest' | 'onLines' | 'activity'>,
  signal: AbortSignal,
  mode?: string,
): Promise<void> => {
  // What cannot be made is told by the files that cannot be written.
  if (folders.length > 0) await guest.run(`mkdir -p ${folders.map(shellWord).join(' ')}`, { onLines }, signal);
  const existing = mode === undefined ? 'keep-mode' : 'replace';
  for (const { name, input, place, isProgram: runs } of files)
    await activity.during(
      () => `${name} was being copied to ${place} in the guest`,
      () => guest.upload({ name, input, mode: mode ?? (runs ? '0755' : '0644'), existing }, place, signal),
    );
};
