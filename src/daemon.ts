import { makeApi } from './api/make-api.ts';
import { makeMetrics } from './api/metrics.ts';
import { capacityOf } from './build/capacity.ts';
import { makeContexts } from './build/contexts.ts';
import { foldersBelow } from './build/folders.ts';
import { heldMachines } from './build/hold.ts';
import { makeIntake } from './build/intake.ts';
import { readinessOf } from './build/readiness.ts';
import { makeRunner } from './build/run.ts';
import { settleLeftovers } from './build/settle.ts';
import type { Clock } from './clock.ts';
import type { Config } from './config.ts';
import { disposals } from './disposals.ts';
import { asFault, Fault } from './fault.ts';
import { makeGrowth } from './growth.ts';
import type { Ids } from './ids.ts';
import { freeMb } from './image/space.ts';
import type { RunBuild } from './queue/types.ts';
import { keepPruned } from './queue/retention.ts';
import { makeScheduler } from './queue/scheduler.ts';
import { migrations, openStore } from './queue/store.ts';
import { version } from './version.ts';
import type { Logger } from './logger.ts';
import { makeQemu } from './vmm/qemu.ts';

export type Daemon = {
  readonly address: string;
  /** Takes over what may change while builds run: log level, media, retention. */
  readonly reload: (config: Config) => void;
  /** No new claims; what runs goes back to the queue without losing its attempt. Resolves when everything has gone. */
  readonly stop: () => Promise<void>;
};

// rc.d(8) sends KILL 30 s after TERM (rc.subr, daemon_timeout); this leaves room for closing what is left.
const drainMs = 20_000;
const leaseMs = 60_000;

// Longer than any request may take to send its context.
const contextAgeMs = 3_600_000;

/** Wires the rooms and starts them, in the order in which they need each other. */
export const startDaemon = async (
  first: Config,
  { clock, ids, logger }: { readonly clock: Clock; readonly ids: Ids; readonly logger: Logger },
): Promise<Daemon> => {
  let config = first;
  const pile = disposals();
  const stopping = new AbortController();
  const folders = foldersBelow(config.data_dir, config.run_dir);
  const growth = makeGrowth();
  const warn = (facts: Readonly<Record<string, unknown>>, message: string) => logger.warn(facts, message);
  try {
    await folders.prepare();
    const store = pile.keep(
      await openStore({ file: folders.store, migrations, clock, attempts: config.attempts, log: logger }),
    );
    const hypervisor = makeQemu({
      binary: config.hypervisor.binary,
      qemuImg: config.hypervisor.qemu_img,
      netcat: config.hypervisor.netcat,
      accelerator: config.hypervisor.accelerator,
      allowsOutgoing: config.hypervisor.allow_outgoing,
      folder: config.run_dir,
      clock,
      signal: stopping.signal,
      onNote: (note) => logger.info(note),
    });

    // Asked while the rest starts; whoever wants the answer hears of a failure, and the log does below.
    hypervisor.version(stopping.signal).catch(() => undefined);

    const left = await settleLeftovers({ store, hypervisor, folders }, stopping.signal);
    if (left.programs > 0 || [left.builds, left.machines, left.folders].flat().length > 0)
      logger.info(left, 'put right what an earlier run left behind');
    const capacity = capacityOf(() => config, folders);
    const intake = makeIntake({
      store,
      hypervisor,
      folders,
      ids,
      clock,
      media: () => config.media,
      // QEMU's restricted user network tells a machine its address alone.
      host: () => ({ lease: { router: false, dns: false } }),
      whole: capacity.whole,
      defaultTimeoutMs: config.limits.build_timeout,
    });
    const held = heldMachines();
    const runner = makeRunner({
      store,
      hypervisor,
      folders,
      growth,
      clock,
      ids,
      held,
      holdMs: config.limits.hold,
      resolve: intake.resolveClaim,
      warn,
      stepEnded: (step, took) => metrics.stepEnded(step, took),
    });
    const run: RunBuild = async (claim, slot, signal) => {
      const began = clock.elapsed();
      const ended = (end: string) => metrics.attemptEnded(end, (clock.elapsed() - began) / 1000);
      try {
        const artifacts = await runner(claim, slot, signal);
        ended('succeeded');
        return artifacts;
      } catch (error) {
        ended(asFault(error).code);
        throw error;
      }
    };
    const scheduler = pile.keep(
      makeScheduler({
        store,
        slots: config.workers,
        capacity: capacity.now,
        run,
        clock,
        ids,
        random: Math.random,
        log: logger,
        leaseMs,
      }),
    );
    const metrics = makeMetrics({ store, slots: scheduler.slots, freeDiskMb: () => freeMb(config.data_dir), version });

    const { isDraining } = scheduler;

    const api = await makeApi(
      {
        store,
        intake,
        contexts: makeContexts(folders, ids, {
          files: config.limits.context_files,
          bytes: config.limits.context * 2 ** 20,
        }),
        files: { log: folders.log, console: folders.console, artifact: folders.artifact, remove: folders.remove },
        growth,
        live: {
          wake: scheduler.wake,
          isDraining,
          type: (id, bytes) => held.type(id, bytes, stopping.signal),
        },
        readiness: (signal) => readinessOf({ store, hypervisor, roomMb: capacity.roomMb, isDraining }, signal),
        host: async (signal) => ({
          hypervisor: await hypervisor.facts(signal),
          capacity: { whole: await capacity.whole(), now: await capacity.now() },
          slots: scheduler.slots(),
          media: Object.keys(config.media).toSorted(),
        }),
        metrics,
        clock,
        ids,
        version,
        limits: {
          bodyBytes: config.limits.body * 2 ** 20,
          contextBytes: config.limits.context * 2 ** 20,
        },
        signal: stopping.signal,
      },
      { logger },
    );
    pile.defer(() => api.close());
    const { host, port } = config.listen;
    const address = await api.listen({ host, port }).catch((error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'another program listens there already' : error.message;
      throw new Fault('configuration_invalid', `listen: ${host}:${port} cannot be used: ${why}.`, {}, { cause: error });
    });
    scheduler.start();
    // The probe of the accelerators takes a moment that no request needs to wait for.
    hypervisor.facts(stopping.signal).catch((error: unknown) => logger.warn({ err: error }, 'no build can run yet'));
    pile.keep(
      keepPruned({
        store,
        removeFiles: folders.remove,
        policy: () => config.retention,
        afterRound: async () => folders.sweepContexts(await store.contexts(), clock.now() - contextAgeMs),
        clock,
        log: logger,
      }),
    );
    return {
      address,
      reload: (next) => {
        config = { ...config, log_level: next.log_level, media: next.media, retention: next.retention };
        logger.level = next.log_level;
      },
      stop: async () => {
        using deadline = clock.deadline(
          drainMs,
          new AbortController().signal,
          () => new Fault('draining', 'Draining took too long.'),
        );
        await scheduler
          .drain(deadline.signal)
          .catch((error: unknown) => logger.error({ err: error }, 'not every build could be put back in the queue'));
        stopping.abort(new Fault('draining', 'The daemon is stopping.'));
        await pile[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    stopping.abort(asFault(error));
    await pile[Symbol.asyncDispose]();
    throw error;
  }
};
