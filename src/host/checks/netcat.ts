import { knowsUnixSockets } from '../../base/machine/netcat.ts';
import { fail, ok } from '../answers.ts';
import { printedBy } from '../ask-program.ts';
import type { HostCheck } from '../types.ts';

const install = "install OpenBSD's netcat (Debian: apt install netcat-openbsd), or set hypervisor.qemu.netcat";

/** Whether netcat knows Unix sockets: it carries a machine's requests to its endpoint, and other netcats do not. */
export const netcat: HostCheck = {
  name: 'netcat',
  ask: async ({ host, config }, signal) => {
    const printed = await printedBy(host, config.hypervisor.qemu.netcat, ['-h'], signal);
    if (printed === undefined) return fail('netcat is not installed', install);
    return knowsUnixSockets(printed)
      ? ok('netcat knows Unix sockets')
      : fail('netcat does not know -U (Unix sockets), so guests would find their endpoint dead', install);
  },
};
