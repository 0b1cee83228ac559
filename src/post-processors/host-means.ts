import type { Peer } from '../outward/peer.ts';

/** What the host has for post-processors. Each kind that needs something of it has a field here, and says at POST what is missing. */
export type HostMeans = {
  readonly hypervisor: 'qemu' | 'vmd';
  /** The URI by which statements of provenance name this host as a builder. */
  readonly builderId: string;
  /** Where artifacts may be sent: what [destinations] of the configuration lists. */
  readonly destination: Peer;
};
