import { statfs } from 'node:fs/promises';
/** MiB that an ordinary user may still write in the file system of `folder`. */
export const freeMb = async (folder: string): Promise<number> => {
  const { bavail, bsize } = await statfs(folder);
  return Math.floor((bavail * bsize) / 2 ** 20);
};

/** MiB of the whole file system of `folder`. */
export const wholeMb = async (folder: string): Promise<number> => {
  const { blocks, bsize } = await statfs(folder);
  return Math.floor((blocks * bsize) / 2 ** 20);
};
