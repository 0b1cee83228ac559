import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Store } from '../../queue/store.ts';

/** What Prometheus reads, and the few facts that only the moment they happen can tell. */
export type Metrics = {
  readonly contentType: string;
  readonly text: () => Promise<string>;
  /** An attempt has ended: `succeeded`, or the code of its fault. */
  readonly attemptEnded: (end: string, seconds: number) => void;
  readonly stepEnded: (step: string, seconds: number) => void;
};

export type MetricsParts = {
  readonly store: Pick<Store, 'counts'>;
  readonly slots: () => readonly { readonly buildId: string | undefined }[];
  readonly freeDiskMb: () => Promise<number>;
  readonly version: string;
};

// From a tiny test system to a full install over a slow mirror.
const seconds = [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200];

/** What is looked up when Prometheus asks. */
const addGauges = (registers: Registry[], { store, slots, freeDiskMb, version }: MetricsParts): void => {
  new Gauge({
    name: 'imaged_info',
    help: 'Always 1; the version is its label.',
    labelNames: ['version'],
    registers,
  }).set({ version }, 1);
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
    name: 'imaged_slots',
    help: 'Places for a running build by state.',
    labelNames: ['state'],
    registers,
    collect() {
      const busy = slots().filter(({ buildId }) => buildId !== undefined).length;
      this.set({ state: 'busy' }, busy);
      this.set({ state: 'free' }, slots().length - busy);
    },
  });
  new Gauge({
    name: 'imaged_disk_free_bytes',
    help: 'Free space in data_dir.',
    registers,
    async collect() {
      this.set((await freeDiskMb()) * 2 ** 20);
    },
  });
};

export const makeMetrics = (parts: MetricsParts): Metrics => {
  const registers = [new Registry()];
  const [register] = registers;
  collectDefaultMetrics(register === undefined ? {} : { register });
  addGauges(registers, parts);
  const attempts = new Histogram({
    name: 'imaged_attempt_seconds',
    help: 'Time from claim to end of an attempt, by its end: "succeeded" or the code of its fault.',
    labelNames: ['end'],
    buckets: seconds,
    registers,
  });
  const steps = new Histogram({
    name: 'imaged_step_seconds',
    help: 'Time of a step that ended well.',
    labelNames: ['step'],
    buckets: seconds,
    registers,
  });
  const ended = new Counter({
    name: 'imaged_attempts_total',
    help: 'Attempts that have ended.',
    labelNames: ['end'],
    registers,
  });
  return {
    contentType: register?.contentType ?? 'text/plain',
    text: async () => (await register?.metrics()) ?? '',
    attemptEnded: (end, took) => {
      attempts.observe({ end }, took);
      ended.inc({ end });
    },
    stepEnded: (step, took) => steps.observe({ step }, took),
  };
};
