import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { top } from '../../base/package.ts';

/** The program that holds the serial line of a machine (src/vmm/holder). */
export const holderProgram = fileURLToPath(new URL('dist/src/vmm/holder/main.js', top));

/** How it is known among the processes of the host, from its first moment on and whichever imaged started it. */
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
