import { statfs } from 'node:fs/promises';

/** How many MiB this process, which is not root, may still write to the file system that holds the folder. */
export const freeMb = async (folder: string): Promise<number> => {
  const { bavail, bsize } = await statfs(folder);
  return Math.floor((bavail * bsize) / 1024 ** 2);
};

/** How many MiB the file system that holds the folder has in all. */
export const wholeMb = async (folder: string): Promise<number> => {
  const { blocks, bsize } = await statfs(folder);
  return Math.floor((blocks * bsize) / 1024 ** 2);
};
