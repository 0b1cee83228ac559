import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';

/** Whether a program is there for this process to run: by its path, or by its name in one of the folders of `searchPath`. */
export const isExecutable = async (file: string, searchPath: string): Promise<boolean> => {
  const places = file.includes('/') ? [file] : searchPath.split(':').map((folder) => join(folder || '.', file));
  for (const place of places) {
    const isThere = await access(place, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return true;
  }
  return false;
};
