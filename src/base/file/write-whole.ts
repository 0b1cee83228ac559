import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFolder } from './sync-folder.ts';

/** The end of the name under which a file is written before it gets its own. */
export const temporarySuffix = '.new';

// Not write-file-atomic: it does not sync the folder, and a crash leaves a new name each time, where ours is one to sweep.
/**
 * Writes a file whole or not at all, durably, in place of one that is there; makes its folder, mode 0750. `aside` is
 * where it is written first, in the same folder; a crash leaves it, and the next write replaces it.
 */
export const writeWhole = async (
  file: string,
  text: string,
  { mode = 0o640, aside = file + temporarySuffix }: { readonly mode?: number; readonly aside?: string } = {},
): Promise<void> => {
  const folder = dirname(file);
  await mkdir(folder, { recursive: true, mode: 0o750 });
  // One that may not be written, for it had that mode, may still be removed.
  await rm(aside, { force: true });
  {
    await using handle = await open(aside, 'w', mode);
    await handle.writeFile(text);
    await handle.sync();
  }
  await rename(aside, file);
  await syncFolder(folder);
};
