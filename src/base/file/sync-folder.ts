import { open } from 'node:fs/promises';

/** Makes the names in a folder durable: without it a crash of the host may undo a rename. */
export const syncFolder = async (folder: string): Promise<void> => {
  await using handle = await open(folder, 'r');
  await handle.sync();
};
