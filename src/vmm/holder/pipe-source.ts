import { Socket } from 'node:net';
import { serialLineOver } from '../serial-line.ts';
import type { Source } from './source.ts';

/** The two FIFOs of a machine of QEMU's, which were opened for the holder. QEMU waits while they are full. */
export const pipeSource = (said: number, typed: number): Source => {
  const from = new Socket({ fd: said, readable: true, writable: false });
  const to = new Socket({ fd: typed, readable: false, writable: true });
  return {
    bytes: serialLineOver(from).bytes,
    write: serialLineOver(to).write,
    canWait: true,
    end: async () => void from.destroy(),
  };
};
