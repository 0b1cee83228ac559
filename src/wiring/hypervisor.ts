import type { Clock } from '../base/clock.ts';
import { hypervisorTypeOf, type Config } from '../config/config.ts';
import { makeQemu } from '../vmm/qemu/qemu.ts';
import type { Hypervisor } from '../vmm/types.ts';
import { makeVmd } from '../vmm/vmd/vmd.ts';

/** The hypervisor that the configuration names. `signal` is the life of the daemon; `onNote` is told what was found. */
export const makeHypervisor = (
  config: Config,
  clock: Clock,
  signal: AbortSignal,
  onNote: (note: string) => void,
): Hypervisor => {
  const { hypervisor } = config;
  const common = { allowsOutgoing: hypervisor.allow_outgoing, clock, signal };
  if (hypervisorTypeOf(config) === 'vmctl')
    return makeVmd({
      ...common,
      vmctl: hypervisor.vmctl,
      ifconfig: hypervisor.ifconfig,
      socket: hypervisor.socket,
      release: hypervisor.release,
      templates: { local: hypervisor.template, outgoing: hypervisor.outgoing_template },
      endpointPort: hypervisor.endpoint_port,
    });
  return makeQemu({
    ...common,
    binary: hypervisor.binary,
    qemuImg: hypervisor.qemu_img,
    netcat: hypervisor.netcat,
    accelerator: hypervisor.accelerator,
    ...(hypervisor.user === undefined ? {} : { user: hypervisor.user }),
    folder: config.run_dir,
    onNote,
  });
};
