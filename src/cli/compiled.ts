import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { enableCompileCache } from 'node:module';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

// Of a bundle this file has another name for each content of it and of what it loads.
const ours = basename(fileURLToPath(import.meta.url));

const folderOf = (dataDir: string): string => join(dataDir, 'compiled');

/** What is compiled once need not be compiled at the next start; a folder that cannot be written to changes nothing. */
export const keepCompiled = (dataDir: string): void => {
  if (existsSync(dataDir)) enableCompileCache(join(folderOf(dataDir), ours));
};

/** Removes what another version of imaged has compiled. Throws the error of the file system. */
export const removeCompiled = async (dataDir: string): Promise<void> => {
  const folder = folderOf(dataDir);
  const names = existsSync(folder) ? await readdir(folder) : [];
  for (const name of names) if (name !== ours) await rm(join(folder, name), { recursive: true });
};
