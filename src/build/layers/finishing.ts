import type { Hypervisor } from '../../vmm/types.ts';
import type { Cut } from './cuts.ts';
import type { FilledLayer } from './layering.ts';

/** What completes the machine that is kept in the folder of a layer, while the build goes on. */
export const finishing = (
  { kind }: Pick<Cut, 'kind'>,
  folder: string,
  { finishKept }: Pick<Hypervisor, 'finishKept'>,
): Pick<FilledLayer, 'finish'> =>
  kind !== 'machine' || finishKept === undefined ? {} : { finish: (signal) => finishKept(folder, signal) };
