import { closeSync, constants, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { isErrno } from '../../base/errno.ts';
import { serialLineOver } from '../serial-line.ts';
import type { LineSource } from './source.ts';

/**
 * Whether nobody has the other end of a FIFO that is open for writing. Only Linux opens it once more by its number: elsewhere it
 * is not known.
 */
const isLeft = (fifo: number): boolean => {
  try {
    closeSync(openSync(`/proc/self/fd/${fifo}`, constants.O_WRONLY | constants.O_NONBLOCK));
    return false;
  } catch (error) {
    return isErrno(error, 'ENXIO');
  }
};

/** The two FIFOs of a machine of QEMU's, which were opened for the holder. QEMU waits while they are full. */
export const pipeSource = (said: number, typed: number): LineSource => {
  const from = new Socket({ fd: said, readable: true, writable: false });
  const to = new Socket({ fd: typed, readable: false, writable: true });
  return {
    bytes: serialLineOver(from).bytes,
    write: serialLineOver(to).write,
    canWait: true,
    isOver: () => isLeft(typed),
    end: async () => void from.destroy(),
  };
};
