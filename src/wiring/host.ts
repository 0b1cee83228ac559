import type { ApiParts } from '../api/types.ts';
import type { Metrics } from '../api/host/metrics.ts';
import type { Capacity } from '../build/capacity.ts';
import { judgedEachTime, readinessOf } from '../build/readiness.ts';
import type { Finding } from '../host/types.ts';
import { watchHost } from '../host/watch-host.ts';
import type { Scheduler } from '../queue/scheduler.ts';
import type { Store } from '../queue/store.ts';
import type { Hypervisor } from '../vmm/types.ts';
import { hostChecksOf } from './host-checks.ts';
import type { SharedParts } from './shared.ts';

// What to type names paths, and is for the operator at the host: "imaged check" says it.
const withoutFix = (findings: readonly Finding[]) =>
  findings.map(({ name, state, message }) => ({ name, state, message }));

/** What the API tells of this host. */
export const makeHostAnswers = async (
  { config, folders, clock, signal: life }: SharedParts,
  {
    store,
    hypervisor,
    capacity,
    scheduler,
    figures,
  }: {
    readonly store: Store;
    readonly hypervisor: Hypervisor;
    readonly capacity: Capacity;
    readonly scheduler: Scheduler;
    readonly figures: Pick<Metrics, 'layerUse'>;
  },
): Promise<Pick<ApiParts, 'readiness' | 'host'>> => {
  const judgedElsewhere = [...judgedEachTime, 'ports'];
  const checks = await hostChecksOf(config, { hypervisor, clock, isDaemon: true, judgedElsewhere });
  const watch = watchHost({ ask: () => checks.ask(life), clock, life });
  const known = async (until: AbortSignal) => withoutFix(await watch.known(until));
  const layersOf = async () => {
    const { layers: kept, bytes } = await store.layers.totals();
    return { kept, bytes, ...(await figures.layerUse()) };
  };
  return {
    readiness: (signal) =>
      readinessOf(
        {
          ...{ store, hypervisor, folders, host: known },
          roomMb: capacity.roomMb,
          isDraining: scheduler.isDraining,
          obstacles: scheduler.obstacles,
          uid: process.getuid?.() ?? 0,
          dataDir: config().data_dir,
        },
        signal,
      ),
    host: async (signal) => ({
      hypervisor: await hypervisor.facts(signal),
      capacity: { whole: await capacity.whole(), now: await capacity.now(), committed: scheduler.committed() },
      slots: scheduler.slots(),
      suspect: await store.suspect(),
      layers: await layersOf(),
      lost_mb: await folders.lost.sizeMb(),
      media: Object.keys(config().media).toSorted(),
      limits: { context_mb: config().limits.context, context_files: config().limits.context_files },
      checks: withoutFix(await watch.whole(signal)),
    }),
  };
};
