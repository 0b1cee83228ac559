import { join } from 'node:path';

/** How the program that holds the serial line of a machine (src/vmm/holder) is known among the processes of the host, from its first moment on and whichever imaged started it. */
export const holderMark = (folder: string): string => `/vmm/holder/main.js ${folder} `;

/**
 * What it has in the machine's folder: the file that all goes into that the guest says, the socket on which it takes what is
 * typed, and its own words.
 */
export const heldFiles = (folder: string) => ({
  said: join(folder, 'said'),
  socket: join(folder, 'line.sock'),
  log: join(folder, 'line.log'),
});
