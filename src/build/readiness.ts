import { asFault, Fault } from '../base/fault.ts';
import { shortWords } from '../queue/rules/waiting.ts';
import type { Scheduler } from '../queue/scheduler.ts';
import type { Store } from '../queue/store.ts';
import type { Hypervisor } from '../vmm/types.ts';
import type { Folders } from './folders/folders.ts';
import { firstUnusable, whyUnsafe } from './folders/own-folders.ts';

/** One question about this host, and what to do where the answer is not ok. */
export type Readiness = { readonly name: string; readonly state: 'ok' | 'warn' | 'fail'; readonly message: string };

const judge = async (name: string, ask: () => Promise<string | { readonly warning: string }>): Promise<Readiness> => {
  try {
    const answer = await ask();
    if (typeof answer !== 'string') return { name, state: 'warn', message: answer.warning };
    return { name, state: 'ok', message: answer };
  } catch (error) {
    return { name, state: 'fail', message: asFault(error).message };
  }
};

/**
 * Whether builds can be taken and run now: the store, the hypervisor, the disk, the daemon itself, its queue and its folders, then
 * the host.
 */
export const readinessOf = async (
  parts: {
    readonly store: Store;
    readonly hypervisor: Hypervisor;
    /** MiB that builds may still take. */
    readonly roomMb: () => Promise<number>;
    readonly isDraining: () => boolean;
    /** What keeps builds in the queue until it is mended. */
    readonly obstacles: Scheduler['obstacles'];
    readonly folders: Pick<Folders, 'own'>;
    /** Strangers read what is found, and are not told where it lies. */
    readonly dataDir: string;
    /** Whose folders they should be. */
    readonly uid: number;
    /** What is known about the rest of the host, at once. */
    readonly host: (signal: AbortSignal) => Promise<readonly Readiness[]>;
  },
  signal: AbortSignal,
): Promise<readonly Readiness[]> => {
  const host = parts.host(signal);
  const own = await Promise.all([
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
        'data_dir has less free space than capacity.disk_reserve. Free some, or lower the reserve; /host says what lost builds take.',
      );
    }),
    judge('daemon', async () => {
      if (parts.isDraining()) throw new Fault('draining', 'The daemon is stopping.');
      return 'takes builds';
    }),
    judge('queue', async () => {
      const { trouble, tooLarge } = await parts.obstacles();
      if (trouble !== undefined) throw trouble;
      if (tooLarge === undefined) return 'builds start as there is room';
      const { builds, first, whole } = tooLarge;
      const others = builds === 1 ? '' : `, and so for ${builds - 1} others`;
      return {
        warning: `build ${first.id} takes ${shortWords(first.demand, whole)} even with no other build${others}. It waits; make room, or cancel it.`,
      };
    }),
    judge('own-folders', async () => {
      const { own } = parts.folders;
      const fault = await firstUnusable(own);
      if (fault !== undefined) throw fault;
      const warning = await whyUnsafe(own, parts.uid);
      return warning === undefined ? 'are there and can be written' : { warning };
    }),
  ]);
  const below = `${parts.dataDir}/`;
  return [...own.map((one) => ({ ...one, message: one.message.replaceAll(below, '') })), ...(await host)];
};

/** What `readinessOf` asks each time, and need not be asked again. */
export const judgedEachTime: readonly string[] = ['store', 'hypervisor', 'disk', 'daemon', 'queue', 'own-folders'];
