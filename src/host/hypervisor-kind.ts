import type { Config } from '../config.ts';

/** What starts machines on this host. */
export const hypervisorKind = ({ hypervisor }: Config, platform: string): 'vmctl' | 'qemu' =>
  hypervisor.type === 'auto' ? (platform === 'openbsd' ? 'vmctl' : 'qemu') : hypervisor.type;
