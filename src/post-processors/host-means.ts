/** What the host has for post-processors. Each kind that needs something of it has a field here, and says at POST what is missing. */
export type HostMeans = {
  readonly hypervisor: 'qemu' | 'vmd';
  /** Whether templates may run scripts on the host. */
  readonly allowsShellLocal?: boolean;
};
