import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Id, timeOfId } from '../ids.ts';
import type { OwnFolder } from './own-folders.ts';

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
  readonly machineNamed: (name: string) => string;
  /** The machines whose folders are there: running, or left behind. */
  readonly machines: () => Promise<readonly { readonly name: string; readonly folder: string }[]>;
  /** MiB that running builds have written so far. */
  readonly workMb: () => Promise<number>;
  readonly context: (contextId: string) => string;
  readonly store: string;
  /** What the mirror has fetched. */
  readonly mirror: string;
  /** Those that the daemon cannot do without. */
  readonly own: readonly OwnFolder[];
  /** Makes the folders that must be there before anything else. */
  readonly prepare: () => Promise<void>;
  /** Deletes what a killed run left behind: work, and builds and contexts that `known` does not name. */
  readonly sweep: (known: {
    readonly builds: (id: string) => Promise<boolean>;
    readonly contexts: ReadonlySet<string>;
  }) => Promise<readonly string[]>;
  /** Deletes the contexts that nothing refers to any more; one made since `before` (Unix ms) may still be on its way. */
  readonly sweepContexts: (known: ReadonlySet<string>, before: number) => Promise<void>;
  readonly remove: (id: string) => Promise<void>;
};

const names = (folder: string): Promise<string[]> => readdir(folder);

// A folder may hold what is not ours: only names that imaged gives are ever deleted.
const ids = async (folder: string): Promise<string[]> =>
  (await names(folder)).filter((name) => Id.safeParse(name).success);
const slots = async (folder: string): Promise<string[]> =>
  (await names(folder)).filter((name) => /^imaged-\d+$/.test(name));

// A running build's file may go between the listing and the look.
const blocksOf = async (path: string): Promise<number> => {
  try {
    return (await stat(path)).blocks;
  } catch {
    return 0;
  }
};

const removeTree = (path: string): Promise<void> => rm(path, { recursive: true, force: true });

export const slotName = (slot: number): string => `imaged-${slot}`;

export const foldersBelow = (dataDir: string, runDir: string): Folders => {
  const build = (id: string) => join(dataDir, 'builds', id);
  const context = (contextId: string) => join(dataDir, 'contexts', contextId);
  const work = join(dataDir, 'work');
  const below = (name: string, holds: OwnFolder['holds']) =>
    ({ name: `${name} below data_dir`, path: join(dataDir, name), mode: 0o750, holds }) as const;
  const own: readonly OwnFolder[] = [
    { name: 'data_dir', path: dataDir, mode: 0o750, holds: 'data' },
    below('builds', 'data'),
    below('contexts', 'data'),
    below('work', 'nothing'),
    below('mirror', 'copies'),
    { name: 'run_dir', path: runDir, mode: 0o700, holds: 'nothing' },
  ];
  return {
    build,
    log: (id) => join(build(id), 'log'),
    console: (id) => join(build(id), 'console'),
    artifacts: (id) => join(build(id), 'artifacts'),
    artifact: (id, name) => join(build(id), 'artifacts', name),
    work: (slot) => join(work, slotName(slot)),
    works: work,
    machine: (slot) => join(runDir, slotName(slot)),
    machineNamed: (name) => join(runDir, name),
    machines: async () => (await slots(runDir)).map((name) => ({ name, folder: join(runDir, name) })),
    workMb: async () => {
      const files = await readdir(work, { recursive: true });
      const sizes = await Promise.all(files.map((file) => blocksOf(join(work, file))));
      return Math.floor((sizes.reduce((sum, blocks) => sum + blocks, 0) * 512) / 2 ** 20);
    },
    context,
    store: join(dataDir, 'imaged.db'),
    mirror: join(dataDir, 'mirror'),
    own,
    prepare: async () => {
      for (const { path, mode, holds } of own) if (holds !== 'copies') await mkdir(path, { recursive: true, mode });
    },
    sweep: async (known) => {
      const swept: string[] = [];
      const sweepOne = async (path: string) => {
        await removeTree(path);
        swept.push(path);
      };
      for (const folder of [work, runDir]) for (const name of await slots(folder)) await sweepOne(join(folder, name));
      for (const id of await ids(join(dataDir, 'builds'))) if (!(await known.builds(id))) await sweepOne(build(id));
      for (const id of await ids(join(dataDir, 'contexts'))) if (!known.contexts.has(id)) await sweepOne(context(id));
      return swept;
    },
    sweepContexts: async (known, before) => {
      for (const id of await ids(join(dataDir, 'contexts')))
        if (!known.has(id) && timeOfId(id) < before) await removeTree(context(id));
    },
    remove: (id) => removeTree(build(id)),
  };
};
