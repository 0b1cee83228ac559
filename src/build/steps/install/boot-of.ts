import type { SshKey } from '../../../guest/types.ts';
import { render } from '../../../template/language/render.ts';
import type { MachineSpec, StaticAddresses } from '../../../vmm/types.ts';
import { slotName } from '../../folders/folders.ts';
import { runtimeFactsOf, type Job } from '../../job.ts';

/** What the first machine of a build boots from: the template's boot medium. */
export const bootOf = (job: Job, key: SshKey | undefined): MachineSpec['boot'] => {
  const { kernel, initrd, append, device } = job.spec.boot;
  return {
    device,
    ...(kernel ? { kernel: kernel.path } : {}),
    ...(initrd ? { initrd: initrd.path } : {}),
    ...(append && {
      append: (addresses: StaticAddresses) =>
        render(append, runtimeFactsOf({ name: slotName(job.slot), addresses }, key)),
    }),
  };
};
