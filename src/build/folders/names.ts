import { readdir, rm } from 'node:fs/promises';
import { unlessErrno } from '../../base/errno.ts';
import { Id } from '../../base/ids.ts';
import { isTrial } from '../../vmm/qemu/probe/trial-folder.ts';

// Nothing is there before the first start.
const names = async (folder: string): Promise<string[]> => (await unlessErrno(readdir(folder), 'ENOENT')) ?? [];

// A folder may hold what is not ours: only names that imaged gives are ever deleted.
export const ids = async (folder: string): Promise<string[]> =>
  (await names(folder)).filter((name) => Id.safeParse(name).success);
export const slots = async (folder: string): Promise<string[]> =>
  (await names(folder)).filter((name) => /^imaged-\d+$/.test(name));

export const removeTree = (path: string): Promise<void> => rm(path, { recursive: true, force: true });

// Trials leave programs of their own behind.
export const machineNames = async (folder: string): Promise<string[]> => [
  ...(await slots(folder)),
  ...(await names(folder)).filter(isTrial),
];
