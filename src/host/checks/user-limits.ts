import { fail, ok, warn } from '../answers.ts';
import { vmdTraits } from '../releases.ts';
import type { HostCheck } from '../types.ts';

/** Whether vmd lets an ordinary user have as many machines and as much memory as the configuration grants. */
export const userLimits: HostCheck = {
  name: 'user-limits',
  ask: async (asked) => {
    const { host, config, memoryMb } = asked;
    const traits = vmdTraits(asked);
    if (traits === undefined) return warn(`"${host.release}" is no release of OpenBSD that is known`);
    if (traits.perUser === undefined) return ok('vmd sets no limits to a user');
    const { machines, memoryMb: mostMb, isCertain } = traits.perUser;
    const fewer = `set workers = ${machines}`;
    if (!isCertain)
      return config.workers > machines
        ? warn(`vmd of some releases before 7.7 lets a user have ${machines} machines`, fewer)
        : ok(`vmd may limit a user to ${machines} machines, which is enough`);
    if (config.workers > machines)
      return fail(
        `vmd of this release lets a user have ${machines} machines, and there are ${config.workers} workers`,
        fewer,
      );
    return memoryMb > mostMb
      ? warn(
          `vmd of this release lets a user's machines have ${mostMb} MB in all, and ${memoryMb} MB are granted`,
          `set memory = "${mostMb}M" below [capacity]`,
        )
      : ok(`vmd lets a user have ${machines} machines with ${mostMb} MB in all`);
  },
};
