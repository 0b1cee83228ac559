import { join } from 'node:path';
import type { SshKey } from '../../../guest/types.ts';
import type { Disk } from '../../../vmm/types.ts';
import { slotName } from '../../folders/folders.ts';
import type { Job } from '../../job.ts';
import { launch, takeUp, type Launch } from '../../machine/launch.ts';
import { layerFiles } from '../../layers/files.ts';
import type { Layering, Taken } from '../../layers/layering.ts';
import { inKept } from '../../layers/unusable.ts';
import type { Step } from '../../plan.ts';
import type { Running } from '../../machine/running.ts';
import { hasLetGo, letGo } from '../../take-up/let-go.ts';
import type { StepTools } from '../../attempt/tools.ts';
import { bootOf } from '../install/boot-of.ts';
import { machineFactsOf } from './take-layer.ts';

type Needs = { readonly job: Job; readonly disks: readonly Disk[]; readonly key?: SshKey };

const machineOf = ({ job, disks, key }: Needs, taken: Taken): Launch => {
  const { network = 0 } = machineFactsOf(taken);
  const { install } = job.spec;
  const isInstalled = install !== undefined && install.ends !== 'never';
  return {
    ...{ job, disks, key, onReboot: 'again' },
    boot: isInstalled ? { device: 'disk' } : bootOf(job, key),
    from: { memory: join(taken.held.folder, layerFiles.memory), network },
  };
};

// The step's own deadline stands behind it: by that no other attempt is made.
const withinMs = 110_000;

/** The machine that was kept, going on where it was. */
export const goOn = (taken: Taken, spoil: Layering['spoil']) => {
  const start = async (needs: Needs, tools: StepTools) => {
    const { clock, signal } = tools;
    const begin = (within: AbortSignal) => launch(machineOf(needs, taken), { ...tools, signal: within });
    const running = await inKept({ from: taken, spoil }, begin, { what: 'start it', withinMs }, { clock, signal });
    return { running: tools.attend(running) };
  };
  return {
    name: 'go-on',
    phase: 'booting',
    timeoutMs: 120_000,
    about: `from after ${taken.cut.step}`,
    run: start,
    takeUp: {
      async ended(needs, tools) {
        if (hasLetGo(tools.place)) return { running: letGo<Running>('The machine') };
        return { running: tools.attend(await takeUp(machineOf(needs, taken), tools)) };
      },
      // One that was just started has done nothing yet.
      async cutShort(needs, tools) {
        const { slot, folders } = needs.job;
        await tools.hypervisor.reap(slotName(slot), folders.machine(slot), tools.signal);
        return start(needs, tools);
      },
    },
  } satisfies Step<Needs, { running: Running }>;
};
