import type { DiskFormat } from '../base/hardware.ts';
import type { HypervisorName } from '../base/machine/hypervisors.ts';

/** What is known of a build before anything of it runs. */
export type PlannedBuild = {
  readonly id: string;
  readonly templateName: string;
  /** As `PACKER_BUILDER_TYPE` says it to scripts. */
  readonly builderType: string;
  /** What runs its machine; undefined where it is not known. */
  readonly hypervisor?: HypervisorName;
  /** As OpenBSD and Go call it: `amd64`. */
  readonly architecture: string;
  /** MiB of each disk as the guest sees it; undefined where its base is still to be fetched. */
  readonly disks: readonly { readonly format: DiskFormat; readonly sizeMb?: number }[];
  readonly memoryMb: number;
  readonly cpus: number;
};

/** Something that went into a build. */
export type InputFacts = {
  /** As the template names it. */
  readonly name: string;
  /** Where it came from: a URL, `build:ID/NAME`, `media:NAME/PATH`, a path of the context or of the mirror. */
  readonly uri: string;
  /** Lower-case hex, where it is known. */
  readonly sha256?: string;
};

/** A step that has ended; times are Unix milliseconds. */
export type StepTimes = {
  readonly name: string;
  /** What kind of step it was, where the template chose its name. */
  readonly type?: string;
  readonly startedAt: number;
  readonly endedAt: number;
};

/** What is known of a build while its post-processors run. Times are Unix milliseconds. */
export type BuildFacts = PlannedBuild & {
  /** Which machine of its template it is, where that has several. */
  readonly machine?: string;
  readonly labels: Readonly<Record<string, string>>;
  /** It takes the place of what is there of the same name where artifacts are sent. */
  readonly force?: true;
  /** SHA-256 of the template as clients see it: of its JSON with the keys in order, without sensitive defaults. */
  readonly templateSha256: string;
  /** What was sent for its variables, but for the sensitive ones, and the names of those. */
  readonly variables: Readonly<Record<string, unknown>>;
  readonly hidden: readonly string[];
  readonly createdAt: number;
  /** When this attempt began. */
  readonly startedAt: number;
  /** What has gone into it so far, as far as it is known by name. */
  readonly inputs: readonly InputFacts[];
  /** The steps of this attempt that have ended. */
  readonly steps: readonly StepTimes[];
  /** The path of a file that a step has left for post-processors, by its fixed name; undefined where none has. */
  readonly collected: (name: string) => string | undefined;
};
