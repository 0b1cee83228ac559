import { fail, ok, warn } from '../answers.ts';
import type { Host, HostCheck } from '../types.ts';

/** How many there are before the first one that is missing: vmd looks no further (vmd's config.c). */
const inARow = (names: readonly string[]): number => {
  const there = new Set(names);
  let count = 0;
  while (there.has(`tap${count}`)) count++;
  return count;
};

/** Those that hostname.if(5) makes: tap(4) destroys none of them when vmd closes it, with all that vmd has given it. */
const lasting = async (host: Host): Promise<readonly string[]> =>
  (await host.list('/etc')).flatMap((name) => /^hostname\.(tap\d+)$/.exec(name)?.[1] ?? []);

const outlives =
  'has a hostname.if(5): it outlives its machine, and keeps the address and the group, to which pf may open the outside, for the next';

/** Whether there are enough tap(4) devices: MAKEDEV makes four, and each interface of a running machine takes one. */
export const taps: HostCheck = {
  name: 'taps',
  ask: async ({ host, config: { workers } }) => {
    const count = inARow(await host.list('/dev'));
    const kept = await lasting(host);
    if (count >= workers && kept.length > 0)
      return warn(
        `${kept.map((name) => `${name} ${outlives}`).join('; ')}. vmd makes those that it needs`,
        `${kept.map((name) => `rm /etc/hostname.${name} && ifconfig ${name} destroy`).join(' && ')}, while no machine runs`,
      );
    if (count >= workers)
      return ok(`${count} tap devices for ${workers} workers; every interface of every machine takes one`);
    const loop = `for i in $(jot ${workers - count} ${count}); do sh MAKEDEV tap$i; done`;
    return fail(
      `/dev has ${count} tap devices in a row, and ${workers} workers need at least one each`,
      `cd /dev && ${loop}`,
    );
  },
};
