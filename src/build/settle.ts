import type { Store } from '../queue/types.ts';
import type { Hypervisor } from '../vmm/types.ts';
import type { Folders } from './folders.ts';

/** What was put right: ids of builds, names of machines, paths of folders. */
export type Settled = {
  readonly builds: readonly string[];
  readonly machines: readonly string[];
  readonly folders: readonly string[];
};

/**
 * Compares what an earlier run of the daemon left on the host with the store, and settles every difference: machines
 * that outlived it are stopped before anybody uses their slot again, builds that ran go back to the queue, and folders
 * that belong to nobody are deleted.
 */
export const settleLeftovers = async (
  { store, hypervisor, folders }: { readonly store: Store; readonly hypervisor: Hypervisor; readonly folders: Folders },
  signal: AbortSignal,
): Promise<Settled> => {
  const builds = await store.recover();
  const machines: string[] = [];
  for (const { name, folder } of await folders.machines())
    if (await hypervisor.reap(name, folder, signal)) machines.push(name);
  const swept = await folders.sweep({
    builds: async (id) => (await store.find(id)) !== undefined,
    contexts: await store.contexts(),
  });
  return { builds, machines, folders: swept };
};
