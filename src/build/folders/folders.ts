import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { unlessErrno } from '../../base/errno.ts';
import { asFault, Fault } from '../../base/fault.ts';
import { Id, timeOfId } from '../../base/ids.ts';
import type { OwnFolder } from './own-folders.ts';
import type { StorePlace } from '../../queue/sqlite/store-identity.ts';
import { isTrial } from '../../vmm/qemu/trial-folder.ts';
import { blocksMb, makeLost, type Lost } from './lost.ts';

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
  /** The machines and trials whose folders are there: running, or left behind. */
  readonly machines: () => Promise<readonly { readonly name: string; readonly folder: string }[]>;
  /** MiB that running builds have written so far. */
  readonly workMb: () => Promise<number>;
  readonly context: (contextId: string) => string;
  readonly store: string;
  /** What lies beside the store, as it is now. */
  readonly storePlace: () => Promise<StorePlace>;
  /** What the mirror has fetched. */
  readonly mirror: string;
  /** Those that the daemon cannot do without. */
  readonly own: readonly OwnFolder[];
  /** Makes the folders that must be there before anything else. */
  readonly prepare: () => Promise<void>;
  /** Where builds that the store does not know are kept for a while. */
  readonly lost: Lost;
  /**
   * Deletes what a killed run left behind: work, trials, and contexts that `known` does not name. A context is a copy of
   * what its client has, and each upload that was cut off leaves one. The folders of unknown builds are moved to `lost`.
   */
  readonly sweep: (
    known: { readonly builds: (id: string) => Promise<boolean>; readonly contexts: ReadonlySet<string> },
    now: number,
  ) => Promise<Swept>;
  /** Deletes the contexts that nothing refers to any more; one made since `before` (Unix ms) may still be on its way. */
  readonly sweepContexts: (known: ReadonlySet<string>, before: number) => Promise<void>;
  readonly remove: (id: string) => Promise<void>;
};

/** Paths. What is stuck could not be moved and lies where it lay. */
export type Swept = {
  readonly deleted: readonly string[];
  readonly lost: readonly string[];
  readonly stuck: readonly { readonly path: string; readonly why: string }[];
};

const makeFolder = async (path: string, mode: number): Promise<void> => {
  try {
    await mkdir(path, { recursive: true, mode });
  } catch (error) {
    const fault = asFault(error);
    if (fault.code !== 'internal') throw fault;
    const message = `${path} could not be made: ${fault.message}. Make it, and give it to the user that runs imaged.`;
    throw new Fault('configuration_invalid', message, {}, { cause: error });
  }
};

// Nothing is there before the first start.
const names = async (folder: string): Promise<string[]> => (await unlessErrno(readdir(folder), 'ENOENT')) ?? [];

// A folder may hold what is not ours: only names that imaged gives are ever deleted.
const ids = async (folder: string): Promise<string[]> =>
  (await names(folder)).filter((name) => Id.safeParse(name).success);
const slots = async (folder: string): Promise<string[]> =>
  (await names(folder)).filter((name) => /^imaged-\d+$/.test(name));

const removeTree = (path: string): Promise<void> => rm(path, { recursive: true, force: true });

// Trials leave programs of their own behind.
const machineNames = async (folder: string): Promise<string[]> => [
  ...(await slots(folder)),
  ...(await names(folder)).filter(isTrial),
];

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
  const lost = makeLost(join(dataDir, 'lost+found'));
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
    machines: async () => (await machineNames(runDir)).map((name) => ({ name, folder: join(runDir, name) })),
    workMb: () => blocksMb(work),
    context,
    store: join(dataDir, 'imaged.db'),
    storePlace: async () => {
      const [buildsFolder, contextsFolder] = [join(dataDir, 'builds'), join(dataDir, 'contexts')];
      return {
        idFile: join(dataDir, 'store-id'),
        ...{ buildsFolder, builds: await ids(buildsFolder) },
        ...{ contextsFolder, contexts: await ids(contextsFolder) },
      };
    },
    mirror: join(dataDir, 'mirror'),
    own,
    prepare: async () => {
      for (const { path, mode, holds } of own) if (holds !== 'copies') await makeFolder(path, mode);
    },
    lost,
    sweep: async (known, now) => {
      const swept = {
        deleted: new Array<string>(),
        lost: new Array<string>(),
        stuck: new Array<Swept['stuck'][number]>(),
      };
      const sweepOne = async (path: string) => {
        await removeTree(path);
        swept.deleted.push(path);
      };
      const setAside = async (path: string) => {
        try {
          await lost.setAside(path, now);
          swept.lost.push(path);
        } catch (error) {
          swept.stuck.push({ path, why: error instanceof Error ? error.message : String(error) });
        }
      };
      for (const name of await slots(work)) await sweepOne(join(work, name));
      for (const name of await machineNames(runDir)) await sweepOne(join(runDir, name));
      for (const id of await ids(join(dataDir, 'builds'))) if (!(await known.builds(id))) await setAside(build(id));
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
