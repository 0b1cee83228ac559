import type { SshKey } from '../../guest/types.ts';
import type { Disk } from '../../vmm/types.ts';
import type { Job } from '../job.ts';
import { launch } from '../launch.ts';
import type { Step } from '../plan.ts';
import type { Running } from '../running.ts';

/** The installed system, booting by itself. */
export const bootFromDisk = {
  name: 'boot-from-disk',
  phase: 'booting',
  timeoutMs: 60_000,
  async run({ job, disks, key }, tools) {
    return {
      running: tools.attend(await launch({ job, disks, key, boot: { device: 'disk' }, onReboot: 'again' }, tools)),
    };
  },
} satisfies Step<{ job: Job; disks: readonly Disk[]; key?: SshKey }, { running: Running }>;
