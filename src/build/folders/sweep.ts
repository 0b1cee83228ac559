import { join } from 'node:path';
import { removeHostFolders } from '../on-host/host-folder.ts';
import type { Lost } from './lost.ts';
import { ids, machineNames, removeTree, slots } from './names.ts';

/** Paths. What is stuck could not be moved and lies where it lay. */
export type Swept = {
  readonly deleted: readonly string[];
  readonly lost: readonly string[];
  readonly stuck: readonly { readonly path: string; readonly why: string }[];
};

/** What the store knows. */
export type Known = {
  readonly builds: (id: string) => Promise<boolean>;
  readonly contexts: ReadonlySet<string>;
  /** Names of slots whose builds go on: their folders stay. */
  readonly slots?: (name: string) => boolean;
};

/**
 * Deletes what a killed run left behind: work, trials, and contexts that `known` does not name. A context is a copy of
 * what its client has, and each upload that was cut off leaves one. The folders of unknown builds are moved to `lost`.
 */
export const sweepFolders = async (
  {
    works,
    runDir,
    dataDir,
    lost,
  }: { readonly works: string; readonly runDir: string; readonly dataDir: string; readonly lost: Lost },
  known: Known,
  now: number,
): Promise<Swept> => {
  const [builds, contexts] = [join(dataDir, 'builds'), join(dataDir, 'contexts')];
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
  for (const name of await slots(works)) {
    if (known.slots?.(name) === true) continue;
    await removeHostFolders(join(works, name));
    await sweepOne(join(works, name));
  }
  for (const name of await machineNames(runDir)) if (known.slots?.(name) !== true) await sweepOne(join(runDir, name));
  for (const id of await ids(builds)) if (!(await known.builds(id))) await setAside(join(builds, id));
  for (const id of await ids(contexts)) if (!known.contexts.has(id)) await sweepOne(join(contexts, id));
  return swept;
};
