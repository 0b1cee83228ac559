/**
 * A daemon of the store in its first argument, which ends with the queue: it runs three builds at a time, and one that
 * is labelled `poison` kills it.
 */
import { systemClock } from '../src/base/clock.ts';
import type { Clock } from '../src/base/clock.ts';
import { systemIds } from '../src/base/ids.ts';
import { crashLimits } from '../src/queue/rules/crash.ts';
import { makeScheduler } from '../src/queue/scheduler.ts';
import { openStore } from '../src/queue/sqlite/open-store.ts';
import type { RunBuild, Store } from '../src/queue/store.ts';
import { deferred } from '../src/base/waiting.ts';
import { anArtifact, migrations, roomy } from './store-shop.ts';

const crashAfterMs = 20;
const clock: Clock = { ...systemClock, every: (_ms, tick) => systemClock.every(crashAfterMs, tick) };
const ended = new AbortController();
const never = new AbortController().signal;
const store = await openStore({
  file: process.argv[2] ?? '',
  migrations,
  clock: systemClock,
  crashes: { ...crashLimits, crashAfterMs },
});
await store.recover();

const beats = new Set<(at: number) => void>();
const heartbeat: Store['heartbeat'] = async (...beat) => {
  const at = clock.now();
  const lost = await store.heartbeat(...beat);
  for (const heard of beats) heard(at);
  return lost;
};

/** Resolves when the scheduler has said that the build lives, so long after its step began that a death counts. */
const untilDeathCounts = async (): Promise<void> => {
  const began = systemClock.now();
  const { promise, resolve } = deferred<void>();
  const hear = (at: number) => {
    if (at >= began + crashAfterMs) resolve();
  };
  beats.add(hear);
  await promise;
  beats.delete(hear);
};

const run: RunBuild = async ({ build, token }) => {
  const seq = await store.beginStep(build.id, token, { name: 'install', phase: 'installing' });
  await untilDeathCounts();
  if (build.labels['poison']) process.kill(process.pid, 'SIGKILL');
  await store.endStep(build.id, token, seq);
  return [anArtifact('disk.raw')];
};

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
const scheduler = makeScheduler({
  ...{ store: { ...store, heartbeat }, slots: 3, capacity: async () => roomy, run, clock, ids: systemIds },
  ...{ random: () => 0.5, log: silent, leaseMs: 30_000, checkHost: async () => undefined, reserveAfterMs: 600_000 },
});
const look = async () => {
  const { queued, running } = await store.counts();
  if (queued + running === 0) ended.abort();
};
using _listening = store.onChange('*', () => void look());
scheduler.start();
await look();
// This also keeps the process alive, but, whatever becomes of the test, not for ever.
if (!ended.signal.aborted) await systemClock.sleep(60_000, ended.signal).catch(() => undefined);
await scheduler.drain(never);
await store[Symbol.asyncDispose]();
