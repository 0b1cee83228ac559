import type { SshKey } from '../../guest/types.ts';
import type { Disk } from '../../vmm/types.ts';
import { bootOf } from './boot-of.ts';
import type { Job } from '../job.ts';
import { launch } from '../launch.ts';
import type { Step } from '../plan.ts';
import type { Running } from '../running.ts';

/** The first machine: the template's boot medium, with the empty disks attached. */
export const startInstaller = (onReboot: 'end' | 'again') =>
  ({
    name: 'start-installer',
    phase: 'installing',
    timeoutMs: 60_000,
    async run({ job, disks, key }, tools) {
      return {
        installer: tools.attend(await launch({ job, disks, key, boot: bootOf(job, key), onReboot }, tools)),
      };
    },
  }) satisfies Step<{ job: Job; disks: readonly Disk[]; key?: SshKey }, { installer: Running }>;
