import { ok, warn } from '../answers.ts';
import type { HostCheck } from '../types.ts';

const variable = 'net.inet.ip.forwarding';

/** Whether the host forwards packets, which machines with outgoing network need. */
export const forwarding: HostCheck = {
  name: 'forwarding',
  ask: async ({ host, config }, signal) => {
    if (!config.hypervisor.allow_outgoing) return ok('is not needed: allow_outgoing is off');
    const { stdout } = await host.run('sysctl', ['-n', variable], signal);
    // 2 would forward IPsec alone (sysctl(2), IPCTL_FORWARDING).
    if (stdout.trim() === '1') return ok(`${variable} is on`);
    return warn(
      `${variable} is off, and machines with outgoing network will reach nothing`,
      `sysctl ${variable}=1 && echo ${variable}=1 >>/etc/sysctl.conf`,
    );
  },
};
