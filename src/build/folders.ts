import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Where everything of a build lies below data_dir; the only place that knows these names. */
export type Folders = {
  readonly build: (id: string) => string;
  readonly log: (id: string) => string;
  readonly console: (id: string) => string;
  readonly artifacts: (id: string) => string;
  readonly artifact: (id: string, name: string) => string;
  /** Files that are not yet published; in the same file system as the artifacts, so that renaming publishes them. */
  readonly work: (slot: number) => string;
  /** The folder that holds all of these. */
  readonly works: string;
  /** Sockets of the machine in a slot: a short path. */
  readonly machine: (slot: number) => string;
  /** The machines whose folders are there: running, or left behind. */
  readonly machines: () => Promise<readonly { readonly name: string; readonly folder: string }[]>;
  readonly context: (contextId: string) => string;
  readonly store: string;
  /** Makes the folders that must be there before anything else. */
  readonly prepare: () => Promise<void>;
  /** Deletes what a killed run left behind: work, and builds and contexts that `known` does not name. */
  readonly sweep: (known: {
    readonly builds: (id: string) => Promise<boolean>;
    readonly contexts: ReadonlySet<string>;
  }) => Promise<readonly string[]>;
  readonly remove: (id: string) => Promise<void>;
};

const names = (folder: string): Promise<string[]> => readdir(folder);
const removeTree = (path: string): Promise<void> => rm(path, { recursive: true, force: true });

export const slotName = (slot: number): string => `imaged-${slot}`;

export const foldersBelow = (dataDir: string, runDir: string): Folders => {
  const build = (id: string) => join(dataDir, 'builds', id);
  const context = (contextId: string) => join(dataDir, 'contexts', contextId);
  const work = join(dataDir, 'work');
  return {
    build,
    log: (id) => join(build(id), 'log'),
    console: (id) => join(build(id), 'console'),
    artifacts: (id) => join(build(id), 'artifacts'),
    artifact: (id, name) => join(build(id), 'artifacts', name),
    work: (slot) => join(work, slotName(slot)),
    works: work,
    machine: (slot) => join(runDir, slotName(slot)),
    machines: async () =>
      (await names(runDir))
        .filter((name) => /^imaged-\d+$/.test(name))
        .map((name) => ({ name, folder: join(runDir, name) })),
    context,
    store: join(dataDir, 'imaged.db'),
    prepare: async () => {
      for (const folder of ['builds', 'contexts', 'work'])
        await mkdir(join(dataDir, folder), { recursive: true, mode: 0o750 });
      await mkdir(runDir, { recursive: true, mode: 0o700 });
    },
    sweep: async (known) => {
      const swept: string[] = [];
      const sweepOne = async (path: string) => {
        await removeTree(path);
        swept.push(path);
      };
      for (const name of await names(work)) await sweepOne(join(work, name));
      for (const name of await names(runDir)) await sweepOne(join(runDir, name));
      for (const id of await names(join(dataDir, 'builds'))) if (!(await known.builds(id))) await sweepOne(build(id));
      for (const id of await names(join(dataDir, 'contexts'))) if (!known.contexts.has(id)) await sweepOne(context(id));
      return swept;
    },
    remove: (id) => removeTree(build(id)),
  };
};
