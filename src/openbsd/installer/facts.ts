import type { Layout } from '../disklabel.ts';
import type { Release } from '../../base/openbsd/releases.ts';

/** Undefined: it is known only when the machine runs. */
type Maybe = boolean | undefined;

/** What the installer finds where it looks for sets. */
export type SetsThere = {
  /** The names it can choose from: of SHA256.sig and of index.txt. */
  readonly listed: readonly string[];
  /** The names whose sums are in SHA256.sig; undefined when there is no such file. */
  readonly signed: readonly string[] | undefined;
  /** Whether a file that is listed can be fetched. */
  readonly has: (name: string) => Maybe;
};

/** What the installer finds on the machine, which decides what it asks. */
export type InstallerFacts = {
  readonly release: Release;
  readonly mode: 'install' | 'upgrade';
  /** Names of the network interfaces; a name is undefined where the driver is not known. */
  readonly interfaces: readonly (string | undefined)[];
  /** `isBlank`: nothing is on it yet. */
  readonly disks: readonly { readonly name: string; readonly sizeMb: number; readonly isBlank: boolean }[];
  readonly hasCdrom: boolean;
  /** The kernel was booted over the network, by the first interface. */
  readonly isNetbooted: boolean;
  /** The kernel was booted by UEFI. */
  readonly isEfi: boolean;
  readonly cpus: number;
  /** What DHCP tells the first interface. `hostname`: a name that the machine has until it is asked for one. */
  readonly lease: { readonly router: Maybe; readonly dns: Maybe; readonly hostname: Maybe };
  /** Whether openbsd.org's list of mirrors can be fetched. */
  readonly outside: boolean;
  /** Undefined: another server's, of which nothing is known. */
  readonly setsAt: (server: string, directory: string | undefined) => SetsThere | undefined;
  /** The partitions of the root disk where they are known. */
  readonly layoutAt: (url: string) => Layout | undefined;
};
