import { join } from 'node:path';
import type { Spec } from '../../template/spec.ts';
import type { DiskFile } from '../../vmm/types.ts';
import { blamingBase } from '../blame-base.ts';
import type { Job } from '../job.ts';
import type { Step } from '../plan.ts';

export type Exported = { readonly name: string; readonly path: string; readonly format: string };

/** Copies a disk into the form in which it is published: flat, sparse, compact. */
export const exportArtifact = ({ name, format, disk }: Spec['artifacts'][number]) =>
  ({
    name: `export-${name}`,
    phase: 'packaging',
    timeoutMs: 2 * 3_600_000,
    about: `disk ${disk} as ${format}`,
    async run({ job, workspace, disks, exported = [] }, { hypervisor, signal }) {
      const from = disks[disk];
      if (from === undefined) throw new RangeError(`the plan exports disk ${disk} of ${disks.length}`);
      const path = join(workspace, `export-${name}`);
      await blamingBase(job.spec.disks[disk]?.base, () => hypervisor.convertDisk(from, { path, format }, signal));
      return { exported: [...exported, { name, path, format }] };
    },
  }) satisfies Step<
    { job: Job; workspace: string; disks: readonly DiskFile[]; exported?: readonly Exported[] },
    { exported: readonly Exported[] }
  >;
