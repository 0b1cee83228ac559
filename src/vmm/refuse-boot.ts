import { whyNoBoot } from '../base/machine/boot-devices.ts';
import { bootsFrom, type HypervisorName } from '../base/machine/hypervisors.ts';
import type { FieldError } from '../base/fault.ts';
import type { MachineShape } from '../base/hardware.ts';

/** What of a machine's boot this hypervisor cannot do; see `bootsFrom`. */
export const refuseBoot = (
  { boot, disks, hasCdrom, hasFloppy }: MachineShape,
  hypervisor: HypervisorName,
): readonly FieldError[] => {
  const { devices, handsToKernel } = bootsFrom[hypervisor];
  const media = { hasDisk: disks.length > 0, hasCdrom, hasFloppy, hasKernel: boot.kernel !== undefined };
  const why = devices.includes(boot.device)
    ? whyNoBoot(boot.device, media)
    : `is ${JSON.stringify(boot.device)}, and ${hypervisor} boots from ${devices.join(', ')}`;
  const unheard = (['initrd', 'append'] as const).filter(
    (key) => boot[key] !== undefined && !handsToKernel.includes(key),
  );
  return [
    ...unheard.map((key) => ({
      pointer: `/machine/boot/${key}`,
      message: `${hypervisor} hands a kernel no ${key}: use one that needs none, such as bsd.rd`,
    })),
    ...(why === undefined ? [] : [{ pointer: '/machine/boot/device', message: why }]),
  ];
};
