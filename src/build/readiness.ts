import { asFault, Fault } from '../fault.ts';
import type { Store } from '../queue/types.ts';
import type { Hypervisor } from '../vmm/types.ts';

/** One question about this host, and what to do where the answer is not ok. */
export type Readiness = { readonly name: string; readonly state: 'ok' | 'fail'; readonly message: string };

const judge = async (name: string, ask: () => Promise<string>): Promise<Readiness> => {
  try {
    return { name, state: 'ok', message: await ask() };
  } catch (error) {
    return { name, state: 'fail', message: asFault(error).message };
  }
};

/** Whether builds can be taken and run now: the store, the hypervisor, the disk, the daemon itself. */
export const readinessOf = (
  parts: {
    readonly store: Store;
    readonly hypervisor: Hypervisor;
    /** MiB that builds may still take. */
    readonly roomMb: () => Promise<number>;
    readonly isDraining: () => boolean;
  },
  signal: AbortSignal,
): Promise<readonly Readiness[]> =>
  Promise.all([
    judge('store', async () => {
      await parts.store.check();
      return 'can be written';
    }),
    judge('hypervisor', async () => `version ${await parts.hypervisor.version(signal)}`),
    judge('disk', async () => {
      const roomMb = await parts.roomMb();
      if (roomMb > 0) return `${roomMb} MB may be used`;
      throw new Fault(
        'storage_full',
        'data_dir has less free space than capacity.disk_reserve. Free some, or lower the reserve.',
      );
    }),
    judge('daemon', async () => {
      if (parts.isDraining()) throw new Fault('draining', 'The daemon is stopping.');
      return 'takes builds';
    }),
  ]);
