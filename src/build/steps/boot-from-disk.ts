import type { SshKey } from '../../guest/types.ts';
import type { Disk } from '../../vmm/types.ts';
import { slotName } from '../folders/folders.ts';
import type { Job } from '../job.ts';
import { launch, takeUp } from '../machine/launch.ts';
import type { Step } from '../plan.ts';
import type { Running } from '../machine/running.ts';
import { hasLetGo, letGo } from '../take-up/let-go.ts';
import type { StepTools } from '../attempt/tools.ts';

type Needs = { readonly job: Job; readonly disks: readonly Disk[]; readonly key?: SshKey };

const machineOf = ({ job, disks, key }: Needs) =>
  ({ job, disks, key, boot: { device: 'disk' }, onReboot: 'again' }) as const;

const boot = async (needs: Needs, tools: StepTools) => ({
  running: tools.attend(await launch(machineOf(needs), tools)),
});

/** The installed system, booting by itself. */
export const bootFromDisk = {
  name: 'boot-from-disk',
  phase: 'booting',
  timeoutMs: 60_000,
  run: boot,
  takeUp: {
    async ended(needs, tools) {
      if (hasLetGo(tools.place)) return { running: letGo<Running>('The machine') };
      return { running: tools.attend(await takeUp(machineOf(needs), tools)) };
    },
    // One that was just started has done nothing yet.
    async cutShort(needs, tools) {
      const { slot, folders } = needs.job;
      await tools.hypervisor.reap(slotName(slot), folders.machine(slot), tools.signal);
      return boot(needs, tools);
    },
  },
} satisfies Step<Needs, { running: Running }>;
