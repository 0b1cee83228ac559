import type { SshKey } from '../../../guest/types.ts';
import type { Disk } from '../../../vmm/types.ts';
import type { Job } from '../../job.ts';
import { launch, takeUp } from '../../machine/launch.ts';
import type { Step } from '../../plan.ts';
import type { Running } from '../../machine/running.ts';
import { bootOf } from './boot-of.ts';
import { hasLetGo, letGo } from '../../take-up/let-go.ts';
import { letsMachineGo } from '../../take-up/rules.ts';

/** The first machine: the template's boot medium, with the empty disks attached. */
export const startInstaller = (onReboot: 'end' | 'again') =>
  ({
    name: 'start-installer',
    phase: 'installing',
    timeoutMs: 60_000,
    async run(needs, tools) {
      const { job, key } = needs;
      return { installer: tools.attend(await launch({ ...needs, key, boot: bootOf(job, key), onReboot }, tools)) };
    },
    takeUp: {
      async ended(needs, tools) {
        const { job, key } = needs;
        if (letsMachineGo.some(tools.place.hadEnded) || hasLetGo(tools.place))
          return { installer: letGo<Running>('The machine') };
        return { installer: tools.attend(await takeUp({ ...needs, key, boot: bootOf(job, key), onReboot }, tools)) };
      },
    },
  }) satisfies Step<{ job: Job; disks: readonly Disk[]; key?: SshKey }, { installer: Running }>;
