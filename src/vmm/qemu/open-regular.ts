import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { Fault } from '../../base/fault.ts';

export type OpenedFile = { readonly path: string; readonly handle: FileHandle };

const flags = { read: constants.O_RDONLY, write: constants.O_RDWR };

/**
 * Opens a regular file, and nothing that came into its place: no link, no device, no pipe that would be waited for.
 * What is opened is what is used from then on, whatever happens to the name.
 */
export const openRegular = async (path: string, access: keyof typeof flags): Promise<OpenedFile> => {
  const handle = await open(path, flags[access] | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  if ((await handle.stat()).isFile()) return { path, handle };
  await handle.close();
  throw new Fault('hypervisor_failed', `${path} is not a regular file.`, { path });
};
