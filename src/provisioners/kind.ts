import type { z } from 'zod';
import type { Activity } from '../base/activity/activity.ts';
import type { Clock } from '../base/clock.ts';
import type { FieldErrors } from '../base/field-errors.ts';
import type { Ids } from '../base/ids.ts';
import type { KeptScripts } from '../guest/outliving/place.ts';
import type { Guest, OnLines } from '../guest/types.ts';
import type { Fields } from '../template/resolve/fields.ts';
import type { RuntimeFacts, TurnText } from '../template/spec.ts';

/** Where a provisioner stands in the template, and how its values are read there. */
export type ProvisionerPlace = {
  readonly pointer: string;
  readonly fields: Fields;
  readonly wrong: FieldErrors;
  /** What the provisioners before it download. */
  readonly downloaded: readonly DownloadedFile[];
  /** Whether the configuration lets templates run this on the host; true where the host is not known. */
  readonly allows: (what: 'shell_local' | 'ansible' | 'ansible_galaxy') => boolean;
  /** Tells what is no error and may not be what was meant. */
  readonly note: (pointer: string, message: string) => void;
};

/** A file that a provisioner takes from the guest; an artifact and a later provisioner may name it. */
export type DownloadedFile = { readonly name: string; readonly mostMb: number };

/** Who a program of the host is where the daemon is root on Linux: a user of the slot alone, or the one that has a name. */
export type HostUser = 'slot' | 'nobody';

/** How a kind runs a program on the host of the daemon. */
export type HostWork = {
  /** A folder of its own, absolute; empty at first. */
  readonly folder: string;
  /**
   * Lets programs read a file of the build below `artifacts` in their folder, under a name without folders. Nothing that they do
   * there should change the file; the caller looks whether it is as it was.
   */
  readonly lend: (from: string, name: string, signal: AbortSignal) => Promise<void>;
  /**
   * Copies a file that programs have left in their folder, under a name without folders, to `to`. Throws `provisioner_failed`
   * where there is no such file, or one of more bytes.
   */
  readonly take: (name: string, to: string, mostBytes: number, signal: AbortSignal) => Promise<void>;
  /**
   * Hands the folder to the user that programs run as, and runs one there with this environment alone and nothing on its
   * input; with it go all the processes that it has started. No text of a client may be among `file` and `args`.
   */
  readonly run: (
    file: string,
    args: readonly string[],
    env: Readonly<Record<string, string>>,
    onLines: OnLines,
    signal: AbortSignal,
  ) => Promise<{ readonly exitCode: number }>;
};

/** What every kind may use while it runs. */
export type ConsoleTools = {
  readonly build: { readonly id: string; readonly templateName: string };
  /**
   * What it does may be kept for builds with the same input: it is told nothing of this build that is another in each. A
   * script that names such a value makes the step one that is not kept, and is told all (layers/keys).
   */
  readonly isConstant?: true;
  /** What the machine has made known. */
  readonly runtime: RuntimeFacts;
  /** Holds a conversation on the console to its end. */
  readonly converse: (turns: readonly TurnText[], signal: AbortSignal) => Promise<void>;
  /** Does a work on the host, in a folder that goes with it. */
  readonly onHost: (who: HostUser, work: (host: HostWork) => Promise<void>) => Promise<void>;
  /** The ansible-playbook(1) program of the host. */
  readonly ansiblePlaybook: string;
  /** Holds the build where it is until a client resumes it. */
  readonly pause: (note: string, signal: AbortSignal) => Promise<void>;
  /** Where on this host the build keeps a file that it has downloaded, by its name. */
  readonly downloadedFile: (name: string) => string;
  readonly clock: Clock;
  readonly ids: Pick<Ids, 'id'>;
  /** Where scripts write down how far they have come; undefined: they end with their connection. */
  readonly scripts?: KeptScripts;
  /** What the guest prints: it goes into the build's log. */
  readonly onLines: OnLines;
  /** Where a work that may take long says what it is doing. */
  readonly activity: Activity;
};

/** The same, for a kind that needs a login. */
export type GuestTools = ConsoleTools & { readonly guest: Guest };

type Common<Schema extends z.core.$ZodTypeDiscriminable, Settings> = {
  readonly type: string;
  /** For the tables of the manual: a phrase, as the list of kinds has it. */
  readonly about: string;
  /** The keys of a template, `type` and the common ones (common.ts) among them. */
  readonly Schema: Schema;
  /** Fills variables in and finds files. What is wrong becomes a field error. */
  readonly resolve: (asked: z.output<Schema>, place: ProvisionerPlace) => Promise<Settings>;
  /** For people who read the plan. */
  readonly plan: (settings: Settings) => string;
  /** The files that it takes from the guest; without it: none. */
  readonly downloads?: (settings: Settings) => readonly DownloadedFile[];
};

/** A kind that works in the guest, over its login. `run` throws a Fault; the signal is for one try. */
export type GuestKind<Schema extends z.core.$ZodTypeDiscriminable, Settings> = Common<Schema, Settings> & {
  readonly needs: 'guest';
  readonly run: (settings: Settings, tools: GuestTools, signal: AbortSignal) => Promise<void>;
};

/** A kind that has enough in the console: it also works where no login is possible. */
export type ConsoleKind<Schema extends z.core.$ZodTypeDiscriminable, Settings> = Common<Schema, Settings> & {
  readonly needs: 'console';
  readonly run: (settings: Settings, tools: ConsoleTools, signal: AbortSignal) => Promise<void>;
};
