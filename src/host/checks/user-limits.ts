import { fail, ok, warn } from '../answers.ts';
import { vmdRelease } from '../releases.ts';
import type { Question } from '../types.ts';

const mostMachines = 4;
const mostMemoryMb = 2048;

/**
 * Up to 7.2 vmd lets an ordinary user have 4 machines with 2048 MB and 8 interfaces in all (VM_DEFAULT_USER_MAX* of
 * its vmd.h); from 7.7 on it does not count. Between the two it was not seen.
 */
export const userLimits: Question = {
  name: 'user-limits',
  ask: async (asked) => {
    const { host, config, memoryMb } = asked;
    const number = vmdRelease(asked);
    if (number === undefined) return warn(`"${host.release}" is no release of OpenBSD that is known`);
    if (number >= 77) return ok('vmd sets no limits to a user');
    if (number > 72)
      return config.workers > mostMachines
        ? warn(
            `vmd of some releases before 7.7 lets a user have ${mostMachines} machines`,
            `set workers = ${mostMachines}`,
          )
        : ok(`vmd may limit a user to ${mostMachines} machines, which is enough`);
    if (config.workers > mostMachines)
      return fail(
        `vmd of this release lets a user have ${mostMachines} machines, and there are ${config.workers} workers`,
        `set workers = ${mostMachines}`,
      );
    return memoryMb > mostMemoryMb
      ? warn(
          `vmd of this release lets a user's machines have ${mostMemoryMb} MB in all, and ${memoryMb} MB are granted`,
          `set memory = "${mostMemoryMb}M" below [capacity]`,
        )
      : ok(`vmd lets a user have ${mostMachines} machines with ${mostMemoryMb} MB in all`);
  },
};
