import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { asFault, Fault } from '../../base/fault.ts';
import { timeOfId } from '../../base/ids.ts';
import type { OwnFolder } from './own-folders.ts';
import type { StorePlace } from '../../queue/sqlite/store-identity.ts';
import { blocksMb, makeLost, type Lost } from './lost.ts';
import { ids, machineNames, removeTree } from './names.ts';
import { sweepFolders, type Known, type Swept } from './sweep.ts';

/** Where everything of a build lies below data_dir; the only place that knows these names. */
export type Folders = {
  readonly build: (id: string) => string;
  readonly log: (id: string) => string;
  readonly console: (id: string) => string;
  /** What the display of its machine showed last. */
  readonly display: (id: string) => string;
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
  /** What builds had fetched by URL and checksum. */
  readonly cache: string;
  /** What clients have uploaded. */
  readonly media: string;
  /** What builds have kept for later builds to go on from. */
  readonly layers: string;
  /** Those that the daemon cannot do without. */
  readonly own: readonly OwnFolder[];
  /** Makes the folders that must be there before anything else. */
  readonly prepare: () => Promise<void>;
  /** Where builds that the store does not know are kept for a while. */
  readonly lost: Lost;
  /** `sweepFolders` below these. */
  readonly sweep: (known: Known, now: number) => Promise<Swept>;
  /** Deletes the contexts that nothing refers to any more; one made since `before` (Unix ms) may still be on its way. */
  readonly sweepContexts: (known: ReadonlySet<string>, before: number) => Promise<void>;
  readonly remove: (id: string) => Promise<void>;
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
    below('cache', 'copies'),
    below('media', 'data'),
    { ...below('layers', 'copies'), mode: 0o700 },
    { name: 'run_dir', path: runDir, mode: 0o700, holds: 'nothing' },
  ];
  const lost = makeLost(join(dataDir, 'lost+found'));
  return {
    build,
    log: (id) => join(build(id), 'log'),
    console: (id) => join(build(id), 'console'),
    display: (id) => join(build(id), 'display'),
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
    cache: join(dataDir, 'cache'),
    media: join(dataDir, 'media'),
    layers: join(dataDir, 'layers'),
    own,
    prepare: async () => {
      for (const { path, mode, holds } of own) if (holds !== 'copies') await makeFolder(path, mode);
    },
    lost,
    sweep: (known, now) => sweepFolders({ works: work, runDir, dataDir, lost }, known, now),
    sweepContexts: async (known, before) => {
      for (const id of await ids(join(dataDir, 'contexts')))
        if (!known.has(id) && timeOfId(id) < before) await removeTree(context(id));
    },
    remove: (id) => removeTree(build(id)),
  };
};
