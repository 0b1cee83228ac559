import { fail, ok } from '../answers.ts';
import { firstLine, printedBy } from '../ask-program.ts';
import type { HostCheck } from '../types.ts';

const install =
  'install qemu-img (Debian: apt install qemu-utils; OpenBSD: pkg_add qemu), or set hypervisor.qemu.qemu_img';

/** Whether disk images can be made and copied. */
export const qemuImg: HostCheck = {
  name: 'qemu-img',
  ask: async ({ host, config }, signal) => {
    const printed = await printedBy(host, config.hypervisor.qemu.qemu_img, ['--version'], signal);
    if (printed === undefined) return fail('qemu-img is not installed', install);
    return /version \d/.test(printed)
      ? ok(firstLine(printed))
      : fail(`this is no qemu-img: ${firstLine(printed)}`, install);
  },
};
