import type { ContextHostFacts } from '../../context/files.ts';
import type { PlannedBuild } from '../../post-processors/build-facts.ts';
import type { PostProcessorPlace } from '../../post-processors/kind.ts';
import type { Frozen } from '../language/functions.ts';
import type { Spec } from '../spec.ts';

type Known = Pick<Spec, 'name' | 'disks' | 'memoryMb' | 'cpus'>;

/** What post-processors are told of a build before it runs. Every machine is an amd64 one: vmd has no other, and QEMU is asked for it. */
export const plannedBuildOf = (
  { name, disks, memoryMb, cpus }: Known,
  id: string,
  hypervisor: PlannedBuild['hypervisor'],
): PlannedBuild => ({
  ...{ id, templateName: name, builderType: 'imaged', architecture: 'amd64', memoryMb, cpus },
  ...(hypervisor === undefined ? {} : { hypervisor }),
  disks: disks.map(({ format, sizeMb, base }) => {
    const mb = sizeMb ?? base?.virtualMb;
    return { format, ...(mb === undefined ? {} : { sizeMb: mb }) };
  }),
});

/** The same, with what the host has for them where that is known. */
export const buildAndHost = (
  known: Known,
  { buildId }: Pick<Frozen, 'buildId'>,
  host: Pick<ContextHostFacts, 'means'> | undefined,
): Pick<PostProcessorPlace, 'build' | 'host'> => ({
  build: plannedBuildOf(known, buildId, host?.means?.hypervisor),
  ...(host?.means === undefined ? {} : { host: host.means }),
});
