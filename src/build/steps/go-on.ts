import { join } from 'node:path';
import type { SshKey } from '../../guest/types.ts';
import type { Disk } from '../../vmm/types.ts';
import type { Job } from '../job.ts';
import { bootOf } from './boot-of.ts';
import { launch } from '../launch.ts';
import { layerFiles } from '../layers/files.ts';
import type { Taken } from '../layers/layering.ts';
import type { Step } from '../plan.ts';
import type { Running } from '../running.ts';
import { machineFactsOf } from './take-layer.ts';

/** The machine that was kept, going on where it was. */
export const goOn = (taken: Taken, spoil: (key: string) => void) =>
  ({
    name: 'go-on',
    phase: 'booting',
    timeoutMs: 120_000,
    about: `from after ${taken.cut.step}`,
    async run({ job, disks, key }, tools) {
      const { network = 0 } = machineFactsOf(taken);
      const { install } = job.spec;
      const isInstalled = install !== undefined && install.ends !== 'never';
      const boot = isInstalled ? ({ device: 'disk' } as const) : bootOf(job, key);
      const from = { memory: join(taken.held.folder, layerFiles.memory), network };
      try {
        return { running: tools.attend(await launch({ job, disks, key, boot, onReboot: 'again', from }, tools)) };
      } catch (error) {
        // The next attempt begins further back.
        spoil(taken.cut.key);
        throw error;
      }
    },
  }) satisfies Step<{ job: Job; disks: readonly Disk[]; key?: SshKey }, { running: Running }>;
