/**
 * A daemon of the store in its first argument, which ends with the queue: it runs three builds at a time, and one that
 * is labelled `poison` kills it.
 */
import { once } from 'node:events';
import { systemClock } from '../src/clock.ts';
import { systemIds } from '../src/ids.ts';
import { crashLimits } from '../src/queue/crash-policy.ts';
import { makeScheduler } from '../src/queue/scheduler.ts';
import { openStore } from '../src/queue/store.ts';
import type { RunBuild } from '../src/queue/types.ts';
import { anArtifact, migrations, roomy } from './store-shop.ts';

const crashAfterMs = 20;
const ended = new AbortController();
const never = new AbortController().signal;
const store = await openStore({
  file: process.argv[2] ?? '',
  migrations,
  clock: systemClock,
  crashes: { ...crashLimits, crashAfterMs },
});
await store.recover();

/** Runs until its scheduler has said that it lives, so long after its step began that its death counts. */
const run: RunBuild = async ({ build, token }, _slot, signal) => {
  const seq = await store.beginStep(build.id, token, { name: 'install', phase: 'installing' });
  await systemClock.sleep(4 * crashAfterMs, signal);
  if (build.labels['poison']) process.kill(process.pid, 'SIGKILL');
  await store.endStep(build.id, token, seq);
  return [anArtifact('disk.raw')];
};

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
const scheduler = makeScheduler({
  ...{ store, slots: 3, capacity: async () => roomy, run, clock: systemClock, ids: systemIds },
  ...{ random: () => 0.5, log: silent, leaseMs: crashAfterMs },
});
const look = async () => {
  const { queued, running } = await store.counts();
  if (queued + running === 0) ended.abort();
};
using _listening = store.onChange('*', () => void look());
scheduler.start();
await look();
if (!ended.signal.aborted) await once(ended.signal, 'abort');
await scheduler.drain(never);
await store[Symbol.asyncDispose]();
