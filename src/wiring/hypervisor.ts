import type { Clock } from '../base/clock.ts';
import { hypervisorTypeOf, type Config } from '../config/config.ts';
import { makeQemu, type QemuOptions } from '../vmm/qemu/qemu.ts';
import type { Hypervisor } from '../vmm/types.ts';
import { makeVmd } from '../vmm/vmd/vmd.ts';

/** The hypervisor that the configuration names. `signal` is the life of the daemon; `onNote` is told what was found. */
export const makeHypervisor = (
  config: Config,
  clock: Clock,
  signal: AbortSignal,
  onNote: QemuOptions['onNote'],
): Hypervisor => {
  const { vmd, qemu, allow_outgoing } = config.hypervisor;
  const common = { allowsOutgoing: allow_outgoing, clock, signal };
  if (hypervisorTypeOf(config) === 'vmd')
    return makeVmd({
      ...common,
      vmctl: vmd.vmctl,
      ifconfig: vmd.ifconfig,
      socket: vmd.socket,
      release: vmd.release,
      templates: { local: vmd.template, outgoing: vmd.outgoing_template, switches: vmd.switches },
      endpointPort: vmd.endpoint_port,
    });
  return makeQemu({
    ...common,
    binary: qemu.binary,
    qemuImg: qemu.qemu_img,
    netcat: qemu.netcat,
    accelerator: qemu.accelerator,
    ...(qemu.user === undefined ? {} : { user: qemu.user }),
    folder: config.run_dir,
    onNote,
  });
};
