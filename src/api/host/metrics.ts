import { collectDefaultMetrics, Counter, Histogram, Registry } from 'prom-client';
import { addGauges, type GaugeParts } from './gauges.ts';

/** What Prometheus reads, and the few facts that only the moment they happen can tell. All labels have bounded values. */
export type Metrics = {
  readonly contentType: string;
  readonly text: () => Promise<string>;
  /** A build was claimed for the first time. */
  readonly claimed: (waitedSeconds: number) => void;
  /** An attempt has ended: `succeeded`, or the code of its fault. */
  readonly attemptEnded: (end: string, seconds: number) => void;
  /** A step has ended: `succeeded`, or the class of its fault. `step` is no name that a template chose. */
  readonly stepEnded: (step: string, end: string, seconds: number) => void;
  /** A build goes on from a kept layer, which saves so many seconds. */
  readonly layerTaken: (savedSeconds: number) => void;
  /** A build found no layer to go on from. */
  readonly layerMissed: () => void;
  /** How often builds went on from layers, and found none, since the daemon was started, and what that has saved. */
  readonly layerUse: () => Promise<{ readonly hits: number; readonly misses: number; readonly savedSeconds: number }>;
  readonly requestEnded: (request: RequestLabels, seconds: number) => void;
};

export type RequestLabels = {
  /** As the contract has it, `/builds/{id}`; `none` for an address of nothing. */
  readonly route: string;
  readonly method: string;
  /** The class of its status: `2xx`. */
  readonly status: string;
};

// From a tiny test system to a full install over a slow mirror.
const buildBuckets = [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200];

// A queue may be as long as a night.
const waitBuckets = [0.1, 1, 5, 15, 60, 300, 900, 3600, 4 * 3600, 12 * 3600, 24 * 3600];

// From a look at one build to a long poll, or a log that is followed.
const requestBuckets = [0.005, 0.025, 0.1, 0.25, 1, 2.5, 10, 60, 300, 3600];

const addBuildFigures = (registers: Registry[]): Pick<Metrics, 'claimed' | 'attemptEnded' | 'stepEnded'> => {
  const waits = new Histogram({
    name: 'imaged_queue_wait_seconds',
    help: 'Time from the POST of a build to its first claim.',
    buckets: waitBuckets,
    registers,
  });
  const attempts = new Histogram({
    name: 'imaged_attempt_seconds',
    help: 'Time from claim to end of an attempt, by its end: "succeeded" or the code of its fault.',
    labelNames: ['end'],
    buckets: buildBuckets,
    registers,
  });
  const ended = new Counter({
    name: 'imaged_attempts_total',
    help: 'Attempts that have ended.',
    labelNames: ['end'],
    registers,
  });
  const steps = new Histogram({
    name: 'imaged_step_seconds',
    help: 'Time of a step, provisioners and post-processors by their type, by its end: "succeeded" or the class of its fault.',
    labelNames: ['step', 'end'],
    buckets: buildBuckets,
    registers,
  });
  return {
    claimed: (waited) => waits.observe(waited),
    attemptEnded: (end, took) => {
      attempts.observe({ end }, took);
      ended.inc({ end });
    },
    stepEnded: (step, end, took) => steps.observe({ step, end }, took),
  };
};

const worth = async (counter: Counter): Promise<number> => (await counter.get()).values[0]?.value ?? 0;

const addLayerFigures = (registers: Registry[]): Pick<Metrics, 'layerTaken' | 'layerMissed' | 'layerUse'> => {
  const hits = new Counter({
    name: 'imaged_layer_hits_total',
    help: 'How often a build went on from a kept layer.',
    registers,
  });
  const misses = new Counter({
    name: 'imaged_layer_misses_total',
    help: 'How often a build found no layer to go on from.',
    registers,
  });
  const saved = new Counter({
    name: 'imaged_layer_saved_seconds_total',
    help: 'Time of the steps that builds did not repeat.',
    registers,
  });
  return {
    layerTaken: (seconds) => {
      hits.inc();
      saved.inc(seconds);
    },
    layerMissed: () => misses.inc(),
    layerUse: async () => ({
      ...{ hits: await worth(hits), misses: await worth(misses) },
      savedSeconds: await worth(saved),
    }),
  };
};

export const makeMetrics = (parts: GaugeParts): Metrics => {
  const register = new Registry();
  collectDefaultMetrics({ register });
  addGauges([register], parts);
  const requests = new Histogram({
    name: 'imaged_http_request_seconds',
    help: 'Time from a request to the end of its answer, long polls and followers with all their time.',
    labelNames: ['route', 'method', 'status'],
    buckets: requestBuckets,
    registers: [register],
  });
  return {
    contentType: register.contentType,
    text: () => register.metrics(),
    ...addBuildFigures([register]),
    ...addLayerFigures([register]),
    requestEnded: (labels, took) => requests.observe(labels, took),
  };
};
