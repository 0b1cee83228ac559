import { join } from 'node:path';
import type { Spec } from '../../template/spec.ts';
import type { Disk, Hypervisor } from '../../vmm/types.ts';
import { blamingBase } from '../blame-base.ts';
import type { Step } from '../plan.ts';

export type Exported = { readonly name: string; readonly path: string; readonly format: string };

/** Copies a disk into the form in which it is published: flat, sparse, compact. */
export const exportArtifact = ({ name, format, disk }: Spec['artifacts'][number]) =>
  ({
    name: `export-${name}`,
    phase: 'packaging',
    timeoutMs: 2 * 3_600_000,
    about: `disk ${disk} as ${format}`,
    async run(
      { job, workspace, disks, exported = [] },
      { hypervisor, signal }: { readonly hypervisor: Pick<Hypervisor, 'convertDisk'>; readonly signal: AbortSignal },
    ) {
      const from = disks[disk];
      if (from === undefined) throw new RangeError(`the plan exports disk ${disk} of ${disks.length}`);
      // A name of imaged's own: the template's is given to the finished file alone.
      const path = join(workspace, `export${exported.length}.${format}`);
      await blamingBase(job.spec.disks[disk]?.base, () => hypervisor.convertDisk(from, { path, format }, signal));
      return { exported: [...exported, { name, path, format }] };
    },
  }) satisfies Step<
    {
      job: { readonly spec: Pick<Spec, 'disks'> };
      workspace: string;
      disks: readonly Disk[];
      exported?: readonly Exported[];
    },
    { exported: readonly Exported[] }
  >;
