import type { Config } from '../config/config.ts';
import type { Ran } from '../base/program.ts';

export type FileFacts = {
  /** The permission bits alone, such as 0o660. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** The file system that holds it. */
  readonly device: number;
  readonly isFolder: boolean;
};

/** A user that reads and writes files, whose permissions are judged. */
export type User = { readonly name: string; readonly uid: number; readonly gids: readonly number[] };

/** What can be asked of a host. Paths are the host's own; nothing here changes anything. */
export type Host = {
  /** As Node names it: `openbsd`, `linux`. */
  readonly platform: string;
  /** The release of the operating system, such as `7.7`. */
  readonly release: string;
  /** Who asks. */
  readonly self: { readonly uid: number; readonly gids: readonly number[] };
  /** Throws what the file system throws, ENOENT and EACCES among it. */
  readonly read: (path: string) => Promise<string>;
  readonly stat: (path: string) => Promise<FileFacts>;
  readonly list: (folder: string) => Promise<readonly string[]>;
  /** Runs a program to its end, whatever its exit code. Throws `program_missing`, or `step_timeout` after some seconds. */
  readonly run: (program: string, args: readonly string[], signal: AbortSignal) => Promise<Ran>;
};

export type HostAnswer = {
  /** Only `fail` makes the host unfit: builds would not run. */
  readonly state: 'ok' | 'warn' | 'fail';
  /** What was found, for people. It names no path of the configuration, as strangers read it on /readyz. */
  readonly message: string;
  /** What to type to fix it. */
  readonly fix?: string;
};

export type Finding = HostAnswer & { readonly name: string };

/** Whether one can listen there: `free`, `ours` (imaged answers), `taken` by another program, or why not. */
export type PortState = 'free' | 'ours' | 'taken' | { readonly why: string };

/** All that a question may look at. */
export type HostAsked = {
  readonly host: Host;
  readonly config: Config;
  /** Who runs the daemon; undefined when there is no such user yet. */
  readonly user: User | undefined;
  /** The hypervisor's own answers; see vmm/types.ts. */
  readonly hypervisor: {
    readonly version: (signal: AbortSignal) => Promise<string>;
    readonly facts: (
      signal: AbortSignal,
    ) => Promise<{ readonly accelerators: readonly string[]; readonly notes: readonly string[] }>;
  };
  /** MiB that are free in the file system of the folder. */
  readonly freeMb: (folder: string) => Promise<number>;
  /** How many files this process may have open. */
  readonly openFiles: number;
  /** MiB that all machines together may take. */
  readonly memoryMb: number;
  /** The folder with the signify keys that sets are verified with; undefined when there is no mirror. */
  readonly mirrorKeys: string | undefined;
  /** The program that runs imaged, and its version without the "v". */
  readonly node: { readonly path: string; readonly version: string };
  /** Loads each native module; throws when it cannot be loaded. */
  readonly modules: Readonly<Record<string, () => Promise<void>>>;
  readonly port: (address: string, port: number, signal: AbortSignal) => Promise<PortState>;
};

/** One check of a host. What it throws becomes a `warn` that says why there is no answer. */
export type HostCheck = {
  readonly name: string;
  readonly ask: (asked: HostAsked, signal: AbortSignal) => Promise<HostAnswer>;
};
