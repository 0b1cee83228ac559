import { dirname } from 'node:path';
import { fail, ok, warn } from '../answers.ts';
import type { HostCheck } from '../types.ts';

// A small system and its work disk.
const comfortableMb = 10 * 1024;

/** Whether builds have room: what is free in data_dir beyond the reserve. */
export const disk: HostCheck = {
  name: 'disk',
  ask: async ({ config, freeMb }) => {
    const { data_dir, capacity } = config;
    // Before the first start the folder may not be there; it will lie where its parent does.
    const free = await freeMb(data_dir).catch(() => freeMb(dirname(data_dir)));
    const room = free - capacity.disk_reserve;
    if (room <= 0)
      return fail(
        `data_dir has ${free} MB free, and capacity.disk_reserve keeps ${capacity.disk_reserve}`,
        'free some space, or lower the reserve',
      );
    return room < comfortableMb
      ? warn(`builds may take ${room} MB of data_dir, which is little`, 'free some space, or set another data_dir')
      : ok(`builds may take ${room} MB of data_dir`);
  },
};
