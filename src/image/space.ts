import { statfs } from 'node:fs/promises';

/**
 * MiB that a process which is not root may still write, of what statfs(2) says. On OpenBSD the blocks available are less
 * than none when root has written into its reserve, which Node shows as a number beyond all blocks.
 */
export const availableMb = (fs: { readonly bavail: number; readonly blocks: number; readonly bsize: number }): number =>
  fs.bavail < 0 || fs.bavail > fs.blocks ? 0 : Math.floor((fs.bavail * fs.bsize) / 1024 ** 2);

/** How many MiB this process, which is not root, may still write to the file system that holds the folder. */
export const freeMb = async (folder: string): Promise<number> => availableMb(await statfs(folder));

/** How many MiB the file system that holds the folder has in all. */
export const wholeMb = async (folder: string): Promise<number> => {
  const { blocks, bsize } = await statfs(folder);
  return Math.floor((blocks * bsize) / 1024 ** 2);
};
