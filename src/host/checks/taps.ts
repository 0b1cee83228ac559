import { fail, ok } from '../answers.ts';
import type { HostCheck } from '../types.ts';

/** How many there are before the first one that is missing: vmd looks no further (vmd's config.c). */
const inARow = (names: readonly string[]): number => {
  const there = new Set(names);
  let count = 0;
  while (there.has(`tap${count}`)) count++;
  return count;
};

/** Whether there are enough tap(4) devices: MAKEDEV makes four, and each interface of a running machine takes one. */
export const taps: HostCheck = {
  name: 'taps',
  ask: async ({ host, config: { workers } }) => {
    const count = inARow(await host.list('/dev'));
    if (count >= workers)
      return ok(`${count} tap devices for ${workers} workers; every interface of every machine takes one`);
    const loop = `for i in $(jot ${workers - count} ${count}); do sh MAKEDEV tap$i; done`;
    return fail(
      `/dev has ${count} tap devices in a row, and ${workers} workers need at least one each`,
      `cd /dev && ${loop}`,
    );
  },
};
