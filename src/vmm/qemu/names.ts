/** The names that QEMU knows, all of them imaged's own and relative to the folder in which it works. */

import { createHash } from 'node:crypto';
import { join } from 'node:path';

export const kernelFiles = { kernel: 'kernel', initrd: 'initrd' } as const;

/** `keep` takes the memory of a machine that is kept, `from` gives it to one that goes on. */
export const sockets = {
  qmp: 'qmp.sock',
  http: 'http.sock',
  keep: 'keep.sock',
  from: 'from.sock',
} as const;

/** The serial line, two FIFOs: QEMU takes what is typed from NAME.in, and writes what the guest says to NAME.out. */
export const serialPipe = 'serial';

/**
 * A second control line: QEMU takes commands from the FIFO NAME.in, and writes to the file NAME.out what it tells, whether or
 * not a daemon is there to hear it.
 */
export const eventsPipe = 'events';

/** The network of the first NIC, whose DHCP knows a name that is a client's. */
export const networkFile = 'network.conf';

/** Marks the processes of a machine on their command lines, where the name of its folder has no place. */
export const markOf = (folder: string): string => createHash('sha256').update(folder).digest('hex').slice(0, 16);

/** Where slirp4netns takes requests, in a machine with outgoing network. */
export const networkSocket = (folder: string): string => `net-${markOf(folder)}.sock`;

/**
 * The files of one machine. In `folder` itself lies what imaged alone writes; QEMU, which may be another user's, works in
 * `own`, so that nothing it puts there comes into the place of a file that imaged opens. Those that both use have a name in
 * each of the two.
 */
export const machineFiles = (folder: string) => {
  const own = join(folder, 'vm');
  const both = (name: string) => ({ path: join(folder, name), own: join(own, name) });
  return {
    own,
    log: join(folder, 'qemu.log'),
    qmp: join(own, sockets.qmp),
    http: join(own, sockets.http),
    keep: join(own, sockets.keep),
    from: join(own, sockets.from),
    network: join(own, networkSocket(folder)),
    pipes: {
      typed: both(`${serialPipe}.in`),
      said: both(`${serialPipe}.out`),
      asked: both(`${eventsPipe}.in`),
    },
    told: { path: join(folder, 'events'), own: join(own, `${eventsPipe}.out`) },
  };
};
