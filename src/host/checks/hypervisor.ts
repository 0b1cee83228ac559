import { fail, ok } from '../answers.ts';
import type { HostCheck } from '../types.ts';

/** Whether the hypervisor can start machines at all, in its own words. */
export const hypervisor: HostCheck = {
  name: 'hypervisor',
  ask: async (asked, signal) => {
    try {
      return ok(`version ${await asked.hypervisor.version(signal)}`);
    } catch (error) {
      signal.throwIfAborted();
      return fail(error instanceof Error ? error.message : String(error));
    }
  },
};
