import { join } from 'node:path';

/** The files of one machine in its folder. */
export const machineFiles = (folder: string) => ({
  qmp: join(folder, 'qmp.sock'),
  serial: join(folder, 'serial.sock'),
  http: join(folder, 'http.sock'),
  pid: join(folder, 'qemu.pid'),
  log: join(folder, 'qemu.log'),
});
