import type { z } from 'zod';
import type { Clock } from '../base/clock.ts';
import type { DiskFormat } from '../base/hardware.ts';
import type { Activity } from '../base/activity/activity.ts';
import type { FieldErrors } from '../base/field-errors.ts';
import type { Algorithm, Digests } from '../image/digests.ts';
import type { Digest } from '../image/types.ts';
import type { OnLines } from '../guest/types.ts';
import type { ConsoleTools } from '../provisioners/kind.ts';
import type { Fields } from '../template/resolve/fields.ts';
import type { BuildFacts, PlannedBuild } from './build-facts.ts';
import type { HostMeans } from './host-means.ts';

/** An artifact in the making. */
export type ArtifactDraft = {
  readonly name: string;
  readonly mediaType: string;
  /** Where its bytes are: a file of the workspace, which belongs to this draft alone. */
  readonly from: string;
  /** Set by a post-processor that has read the whole file: then it is not read once more. */
  readonly known?: Digest;
};

/** What is known of a draft before anything runs; `mostMb` is how much room its file may take. */
export type PlannedDraft = { readonly name: string; readonly mediaType: string; readonly mostMb: number };

/** Where a post-processor stands in the template, how its values are read there, and what its build has for it. */
export type PostProcessorPlace = {
  readonly pointer: string;
  readonly fields: Fields;
  readonly wrong: FieldErrors;
  readonly templateName: string;
  readonly firmware: 'bios' | 'uefi';
  /** MB that each disk takes at most. */
  readonly diskMb: readonly number[];
  /** The files that provisioners download from the guest. */
  readonly downloaded: readonly string[];
  readonly build: PlannedBuild;
  /** Undefined: nothing is known of the host, and nothing is refused for want of it. */
  readonly host?: HostMeans;
};

/** A file of a build that another host has now. */
export type Upload = Digest & {
  readonly name: string;
  /** Where it is, without anything secret. */
  readonly url: string;
  /** How long it took. */
  readonly ms: number;
};

/** What every kind may use while it runs. */
export type Tools = {
  /** A path in the workspace where nothing is yet, under a name of imaged's own: a client's stands on no command line. */
  readonly newFile: (ending: string) => string;
  /** Gives what is known of the file where imaged has written it itself; a program's output has to be read once more. */
  readonly exportDisk: (
    disk: number,
    to: { readonly path: string; readonly format: DiskFormat },
  ) => Promise<Digest | undefined>;
  /** Where a file lies that a provisioner has downloaded, by its name. */
  readonly downloadedFile: (name: string) => string;
  /** Where the variables of the UEFI lie. */
  readonly efivars: () => string;
  readonly signal: AbortSignal;
  /** Tells how many bytes of a file are done, and of how many where that is known; as events, at a bounded rate. */
  readonly progress: (name: string, bytes: number, total?: number) => void;
  /** The same in percent, where a program tells no more. */
  readonly progressPercent: (name: string, percent: number) => void;
  /** Copies a disk into another of these formats, by the hypervisor's own means: flat, sparse, mode 0600. */
  readonly convertImage: (
    from: { readonly path: string; readonly format: DiskFormat },
    to: { readonly path: string; readonly format: DiskFormat },
    onPercent: (percent: number) => void,
  ) => Promise<void>;
  /** A line in the log of the build. */
  readonly log: (line: string) => void;
  /** Size and digests of a file of a draft. What was asked once of a build's file is not worked out again. */
  readonly digestsOf: (
    draft: Pick<ArtifactDraft, 'name' | 'from' | 'known'>,
    wanted: readonly Algorithm[],
  ) => Promise<Digests>;
  readonly clock: Clock;
  /** Tells where a file of the build is now beside here, as an event. */
  readonly uploaded: (upload: Upload) => void;
  readonly build: BuildFacts;
  readonly host: HostMeans;
  /** Does a work on the host, in a folder that goes with it. */
  readonly onHost: ConsoleTools['onHost'];
  /** What programs on the host print: it goes into the build's log. */
  readonly onLines: OnLines;
  /** Where a work that may take long says what it is doing. */
  readonly activity: Activity;
};

/** A kind of post-processor: it takes some of the drafts that there are, and gives what comes in their place. */
export type PostProcessorKind<Schema extends z.ZodType, Settings> = {
  readonly type: string;
  /** For the tables of the manual: a phrase, as the list of kinds has it. */
  readonly about: string;
  /** The keys of a template, the common ones (common.ts) among them. */
  readonly Schema: Schema;
  /** Fills variables in and finds files. What is wrong becomes a field error. */
  readonly resolve: (asked: z.output<Schema>, place: PostProcessorPlace) => Settings | Promise<Settings>;
  /** For people who read the plan. */
  readonly plan: (settings: Settings) => string;
  /** Why it cannot take these; undefined where it can. */
  readonly refuse?: (settings: Settings, taken: readonly PlannedDraft[]) => string | undefined;
  /** What `run` will give. */
  readonly gives: (settings: Settings, taken: readonly PlannedDraft[]) => readonly PlannedDraft[];
  /** MB that it writes beside what it gives, and deletes when it ends; without it: none. */
  readonly scratchMb?: (settings: Settings, taken: readonly PlannedDraft[]) => number;
  /** A draft that it takes and does not give is gone, and its file is deleted. */
  readonly run: (
    settings: Settings,
    taken: readonly ArtifactDraft[],
    tools: Tools,
  ) => Promise<readonly ArtifactDraft[]>;
};
