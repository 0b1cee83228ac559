import { join } from 'node:path';

/** The files of one machine in its folder. */
export const machineFiles = (folder: string) => ({
  qmp: join(folder, 'qmp.sock'),
  serial: join(folder, 'serial.sock'),
  http: join(folder, 'http.sock'),
  pid: join(folder, 'qemu.pid'),
  log: join(folder, 'qemu.log'),
  /** Where slirp4netns takes requests, in a machine with outgoing network; what it says goes to net.log. */
  network: join(folder, 'net.sock'),
  resolver: join(folder, 'resolv.conf'),
  /** Pipes, for the moment until both ends are open. */
  pipes: [join(folder, 'net.up'), join(folder, 'net.down')],
});
