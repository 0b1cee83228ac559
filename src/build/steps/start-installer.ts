import type { SshKey } from '../../guest/types.ts';
import { render } from '../../template/language/render.ts';
import type { Disk, StaticAddresses } from '../../vmm/types.ts';
import { slotName } from '../folders/folders.ts';
import { runtimeFactsOf, type Job } from '../job.ts';
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
      const { kernel, initrd, append, device } = job.spec.boot;
      const files = { ...(kernel ? { kernel: kernel.path } : {}), ...(initrd ? { initrd: initrd.path } : {}) };
      const commandLine = append && {
        append: (addresses: StaticAddresses) =>
          render(append, runtimeFactsOf({ name: slotName(job.slot), addresses }, key)),
      };
      const boot = { device, ...files, ...commandLine };
      return {
        installer: tools.attend(await launch({ job, disks, key, boot, onReboot }, tools)),
      };
    },
  }) satisfies Step<{ job: Job; disks: readonly Disk[]; key?: SshKey }, { installer: Running }>;
