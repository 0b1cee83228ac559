import { join } from 'node:path';
import type { Disk } from '../../vmm/types.ts';
import { blamingBase } from '../files/blame-base.ts';
import type { Job } from '../job.ts';
import type { Step } from '../plan.ts';

/** The machine's disks: empty ones, or overlays over a base that stays as it is. */
export const createDisks = {
  name: 'create-disks',
  phase: 'preparing',
  timeoutMs: 120_000,
  async run({ job, workspace }, { hypervisor, log, signal }) {
    const disks: Disk[] = [];
    for (const [at, { format, sizeMb, base }] of job.spec.disks.entries()) {
      const disk: Disk = {
        path: join(workspace, `disk${at}.${format}`),
        format,
        ...(base === undefined ? {} : { base: { path: base.path, format: base.format, layers: base.layers } }),
      };
      await blamingBase(base, () =>
        hypervisor.createDisk(
          {
            ...disk,
            // As large as its base it is an overlay; larger, a hypervisor may have to copy.
            ...(sizeMb === undefined || sizeMb === base?.virtualMb ? {} : { sizeMb }),
          },
          signal,
        ),
      );
      log(
        `made disk ${at}: ${format}, ${sizeMb === undefined ? 'as large as its base' : `${sizeMb} MB`}${base ? `, over ${base.shown}` : ''}`,
      );
      disks.push(disk);
    }
    return { disks };
  },
} satisfies Step<{ job: Job; workspace: string }, { disks: readonly Disk[] }>;
