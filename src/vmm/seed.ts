import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MachineSpec, StaticAddresses } from './types.ts';

/** Writes the image that cloud-init is to find into the machine's folder, for the owner's eyes; undefined where there is none. */
export const writeSeed = async (
  { folder, seed }: MachineSpec,
  known: StaticAddresses | undefined,
): Promise<string | undefined> => {
  if (seed?.by !== 'cdrom') return undefined;
  const path = join(folder, 'seed.iso');
  await rm(path, { force: true });
  await writeFile(path, seed.image(known), { mode: 0o600, flag: 'wx' });
  return path;
};
