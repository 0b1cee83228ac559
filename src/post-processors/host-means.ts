import type { HypervisorName } from '../base/machine/hypervisors.ts';
import type { Peer } from '../outward/peer.ts';

/** Programs that post-processors run, by the names that messages have for them. */
export type ProgramName = 'qemu-img' | 'xz' | 'lz4';

/** What to install where a program is not there. */
export const packageOf: Readonly<Record<ProgramName, string>> = {
  'qemu-img': 'Debian: qemu-utils; OpenBSD: qemu',
  xz: 'Debian: xz-utils; OpenBSD: xz',
  lz4: 'Debian and OpenBSD: lz4',
};

/** What the host has for post-processors. Each kind that needs something of it has a field here, and says at POST what is missing. */
export type HostMeans = {
  readonly hypervisor: HypervisorName;
  /** The URI by which statements of provenance name this host as a builder. */
  readonly builderId: string;
  /** Where artifacts may be sent: what [destinations] of the configuration lists. */
  readonly destination: Peer;
  /** Whether templates may run scripts on the host. */
  readonly allowsShellLocal?: boolean;
  /** The programs that are there, by name or absolute path. */
  readonly programs: Readonly<Partial<Record<ProgramName, string>>>;
  /** A secret key of signify(1) without a passphrase: its path. Undefined: the configuration names none. */
  readonly signingKey?: string;
};

/** Why something cannot be done without a program; undefined where it is there, or nothing is known of the host. */
export const whyWithout = (host: HostMeans | undefined, name: ProgramName): string | undefined =>
  host === undefined || host.programs[name] !== undefined
    ? undefined
    : `takes the program ${name}, which this host does not have: install it (${packageOf[name]})`;
