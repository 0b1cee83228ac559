import { mkdir, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/** What is being written aside; swept at start. */
export const asideEnd = '.new';

/** Writes a text file whole or not at all, and makes its folder. */
export const writeWhole = async (file: string, text: string): Promise<void> => {
  await mkdir(dirname(file), { recursive: true, mode: 0o750 });
  {
    await using handle = await open(file + asideEnd, 'w', 0o640);
    await handle.writeFile(text);
    await handle.sync();
  }
  await rename(file + asideEnd, file);
};
