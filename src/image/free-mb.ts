import { statfs } from 'node:fs/promises';

/** How many MiB this process, which is not root, may still write to the file system that holds the folder. */
export const freeMb = async (folder: string): Promise<number> => {
  const { bavail, bsize } = await statfs(folder);
  return Math.floor((bavail * bsize) / 1024 ** 2);
};
