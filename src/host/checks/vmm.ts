import { fail, ifThere, ok, warn } from '../answers.ts';
import type { HostCheck } from '../types.ts';

/** The kernel keeps the messages of earlier boots, too: only those since the last start count. */
const lastBoot = (dmesg: string): string => dmesg.slice(Math.max(0, dmesg.lastIndexOf('\nOpenBSD ')));

/** Whether the kernel found a processor that can run machines: vmm(4) says so when it attaches. */
export const vmm: HostCheck = {
  name: 'vmm',
  ask: async ({ host }) => {
    const dmesg = await ifThere(host.read('/var/run/dmesg.boot'));
    if (dmesg === undefined)
      return warn('cannot be told: /var/run/dmesg.boot is not there', 'dmesg | grep vmm0, which is to show a line');
    const [attached] = /^vmm0 at .*$/m.exec(lastBoot(dmesg)) ?? [];
    if (attached === undefined)
      return fail(
        'the kernel found no vmm(4): the processor has no VT-x with EPT (Intel) or RVI (AMD), or it is off',
        "turn virtualization on in the host's BIOS, then reboot",
      );
    if ((await ifThere(host.stat('/dev/vmm'))) === undefined)
      return fail(`there is no /dev/vmm, though the kernel says "${attached}"`, 'cd /dev && sh MAKEDEV vmm');
    return ok(attached);
  },
};
