import { rm } from 'node:fs/promises';
import type { Ids } from '../base/ids.ts';
import type { Store } from '../queue/store.ts';
import type { Hypervisor } from '../vmm/types.ts';
import { slotName, type Folders } from './folders/folders.ts';
import type { Swept } from './folders/sweep.ts';
import { claimAgain, type TakenUp } from './take-up/claim-again.ts';

/** What was put right: ids of builds, names of machines, paths of folders. */
export type Settled = {
  readonly builds: readonly string[];
  /** Builds that go on where they were, in the same slots. */
  readonly takenUp: readonly TakenUp[];
  /** How many builds another host has claimed: they are left alone. */
  readonly elsewhere: number;
  readonly machines: readonly string[];
  readonly folders: readonly string[];
  /** Folders of builds that the store does not know: moved aside, or, where that failed, left alone. */
  readonly lost: Swept['lost'];
  readonly stuck: Swept['stuck'];
  /** How many programs were still at work on disks. */
  readonly programs: number;
};

/** What a build had begun to publish belongs to no build: the store knows of artifacts when it has ended, and this one has not. */
const removeUnpublished = async (store: Store, folders: Folders): Promise<void> => {
  for (const id of await store.leftovers()) await rm(folders.artifacts(id), { recursive: true, force: true });
};

/**
 * Compares what an earlier run of the daemon left on the host with the store, and settles every difference: machines
 * and programs that outlived it are stopped before anybody uses their slot again, builds that ran go on, or back to the queue,
 * and folders that belong to no build are deleted, those of unknown builds after a while.
 */
export const settleLeftovers = async (
  {
    store,
    hypervisor,
    folders,
    hostBootedAt,
    now,
    ...own
  }: {
    readonly store: Store;
    readonly hypervisor: Hypervisor;
    readonly folders: Folders;
    /** Unix milliseconds. */
    readonly hostBootedAt: number;
    readonly now: number;
    readonly ids: Pick<Ids, 'secret'>;
    readonly slots: number;
    readonly leaseMs: number;
  },
  signal: AbortSignal,
): Promise<Settled> => {
  // Before they are settled: a daemon that dies in between finds them again.
  await removeUnpublished(store, folders);
  const { takenUp, anew } = await claimAgain({ store, folders, hostBootedAt, ...own });
  const isKept = (name: string) => takenUp.some(({ slot }) => slotName(slot) === name);
  const except = takenUp.map(({ claim }) => claim.build.id);
  const builds = await store.recover({ hostBootedAt, except, anew });
  const { running, held } = await store.counts();
  const machines: string[] = [];
  const left = new Map((await folders.machines()).map(({ name, folder }) => [name, folder]));
  for (const name of await hypervisor.strays(signal)) left.set(name, left.get(name) ?? folders.machineNamed(name));
  for (const [name, folder] of left)
    if (!isKept(name) && (await hypervisor.reap(name, folder, signal))) machines.push(name);
  const programs =
    (await hypervisor.reapWork(folders.works, signal)) + (await hypervisor.reapWork(folders.layers, signal));
  const known = {
    builds: async (id: string) => (await store.find(id)) !== undefined,
    contexts: await store.contexts(),
    slots: isKept,
  };
  const { deleted, lost, stuck } = await folders.sweep(known, now);
  return {
    builds,
    takenUp,
    elsewhere: running + held - takenUp.length,
    machines,
    folders: deleted,
    lost,
    stuck,
    programs,
  };
};
