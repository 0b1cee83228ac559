import type { Clock } from '../base/clock.ts';
import type { HypervisorName } from '../base/machine/hypervisors.ts';
import { hypervisorTypeOf, type Config } from '../config/config.ts';
import { makeQemu, type QemuOptions } from '../vmm/qemu/qemu.ts';
import type { Hypervisor } from '../vmm/types.ts';
import { makeVmd } from '../vmm/vmd/vmd.ts';

type Common = Pick<QemuOptions, 'allowsOutgoing' | 'clock' | 'signal' | 'onNote'>;

const makers: Readonly<Record<HypervisorName, (config: Config, common: Common) => Hypervisor>> = {
  vmd: ({ hypervisor: { vmd } }, { allowsOutgoing, clock, signal }) =>
    makeVmd({
      ...{ allowsOutgoing, clock, signal },
      vmctl: vmd.vmctl,
      ifconfig: vmd.ifconfig,
      socket: vmd.socket,
      release: vmd.release,
      templates: { local: vmd.template, outgoing: vmd.outgoing_template, switches: vmd.switches },
      endpointPort: vmd.endpoint_port,
    }),
  qemu: ({ hypervisor: { qemu }, run_dir }, common) =>
    makeQemu({
      ...common,
      binary: qemu.binary,
      qemuImg: qemu.qemu_img,
      netcat: qemu.netcat,
      accelerator: qemu.accelerator,
      ...(qemu.user === undefined ? {} : { user: qemu.user }),
      folder: run_dir,
    }),
};

/** The hypervisor that the configuration names. `signal` is the life of the daemon; `onNote` is told what was found. */
export const makeHypervisor = (
  config: Config,
  clock: Clock,
  signal: AbortSignal,
  onNote: QemuOptions['onNote'],
): Hypervisor => {
  const allowsOutgoing = config.hypervisor.allow_outgoing;
  return makers[hypervisorTypeOf(config)](config, { allowsOutgoing, clock, signal, onNote });
};
