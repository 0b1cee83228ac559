import { Gauge, type Registry } from 'prom-client';
import type { Demand } from '../../queue/asked.ts';
import type { Store } from '../../queue/store.ts';

export type GaugeParts = {
  readonly store: Pick<Store, 'counts' | 'oldestQueued'> & { readonly layers: Pick<Store['layers'], 'totals'> };
  readonly scheduler: {
    readonly slots: () => readonly { readonly buildId: string | undefined }[];
    /** What the running and held builds may take together. */
    readonly committed: () => Demand;
    /** What keeps builds waiting until it is mended. */
    readonly obstacles: () => Promise<{ readonly trouble?: object; readonly tooLarge?: { readonly builds: number } }>;
  };
  /** All that this host could ever give to builds. */
  readonly whole: () => Promise<Demand>;
  readonly freeDiskMb: () => Promise<number>;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly version: string;
};

const mb = 2 ** 20;

const addQueueGauges = (registers: Registry[], { store, scheduler, now }: GaugeParts): void => {
  new Gauge({
    name: 'imaged_builds',
    help: 'Builds in the store by status.',
    labelNames: ['status'],
    registers,
    async collect() {
      for (const [status, count] of Object.entries(await store.counts())) this.set({ status }, count);
    },
  });
  new Gauge({
    name: 'imaged_queue_oldest_age_seconds',
    help: 'Time since the POST of the oldest build that is queued; 0 when none is.',
    registers,
    async collect() {
      const oldest = await store.oldestQueued();
      this.set(oldest === undefined ? 0 : Math.max(0, now() - oldest) / 1000);
    },
  });
  new Gauge({
    name: 'imaged_host_trouble',
    help: '1 while this host cannot build and its queue stands still; /readyz says why.',
    registers,
    async collect() {
      this.set((await scheduler.obstacles()).trouble === undefined ? 0 : 1);
    },
  });
  new Gauge({
    name: 'imaged_queue_too_large',
    help: 'Queued builds that take more than this host has now, even with no other.',
    registers,
    async collect() {
      this.set((await scheduler.obstacles()).tooLarge?.builds ?? 0);
    },
  });
  new Gauge({
    name: 'imaged_slots',
    help: 'Places for a running build by state.',
    labelNames: ['state'],
    registers,
    collect() {
      const slots = scheduler.slots();
      const busy = slots.filter(({ buildId }) => buildId !== undefined).length;
      this.set({ state: 'busy' }, busy);
      this.set({ state: 'free' }, slots.length - busy);
    },
  });
};

const addRoomGauges = (registers: Registry[], { scheduler, whole, freeDiskMb }: GaugeParts): void => {
  new Gauge({
    name: 'imaged_committed_bytes',
    help: 'What running and held builds may take together, by resource: the queue waits for the rest.',
    labelNames: ['resource'],
    registers,
    collect() {
      const { memoryMb, diskMb } = scheduler.committed();
      this.set({ resource: 'memory' }, memoryMb * mb);
      this.set({ resource: 'disk' }, diskMb * mb);
    },
  });
  new Gauge({
    name: 'imaged_capacity_bytes',
    help: 'All that this host could give to builds, by resource.',
    labelNames: ['resource'],
    registers,
    async collect() {
      const { memoryMb, diskMb } = await whole();
      this.set({ resource: 'memory' }, memoryMb * mb);
      this.set({ resource: 'disk' }, diskMb * mb);
    },
  });
  new Gauge({
    name: 'imaged_disk_free_bytes',
    help: 'Free space in data_dir.',
    registers,
    async collect() {
      this.set((await freeDiskMb()) * mb);
    },
  });
};

const addLayerGauges = (registers: Registry[], { store }: GaugeParts): void => {
  new Gauge({
    name: 'imaged_layers',
    help: 'Layers that are kept.',
    registers,
    async collect() {
      this.set((await store.layers.totals()).layers);
    },
  });
  new Gauge({
    name: 'imaged_layer_bytes',
    help: 'Disk space of the layers that are kept.',
    registers,
    async collect() {
      this.set((await store.layers.totals()).bytes);
    },
  });
};

/** Adds what is looked up when Prometheus asks. */
export const addGauges = (registers: Registry[], parts: GaugeParts): void => {
  new Gauge({
    name: 'imaged_info',
    help: 'Always 1; the version is its label.',
    labelNames: ['version'],
    registers,
  }).set({ version: parts.version }, 1);
  addQueueGauges(registers, parts);
  addRoomGauges(registers, parts);
  addLayerGauges(registers, parts);
};
