import { makeApi } from '../api/make-api.ts';
import { makeMetrics } from '../api/host/metrics.ts';
import { longestBodyMs } from '../api/server/pace.ts';
import { usualPatience } from '../api/server/patience.ts';
import { capacityOf } from '../build/capacity.ts';
import { screenOfTranscript } from '../build/screen.ts';
import { makeBases } from '../build/bases.ts';
import { makeContexts } from '../build/contexts.ts';
import { foldersBelow } from '../build/folders/folders.ts';
import { heldMachines } from '../build/hold/hold.ts';
import { makeIntake } from '../build/submit.ts';
import { makeLoans } from '../build/hold/loan.ts';
import { behindFolders, restoreFolders } from '../build/folders/own-folders.ts';
import { judgedEachTime, readinessOf } from '../build/readiness.ts';
import { makeRunner } from '../build/run.ts';
import { settleLeftovers } from '../build/reconcile.ts';
import { textsMb } from '../build/text-limits.ts';
import { hostBootedAt, type Clock } from '../base/clock.ts';
import { hypervisorTypeOf, textLimitsOf, type Config } from '../config/config.ts';
import { connectionLimits } from '../base/descriptors.ts';
import { cleanupStack } from '../base/cleanup.ts';
import { asFault, Fault } from '../base/fault.ts';
import { hostChecksOf } from './host-checks.ts';
import { makeGrowth } from '../base/growth.ts';
import type { Finding } from '../host/types.ts';
import { watchHost } from '../host/watch-host.ts';
import { makeMirror, type MirrorParts } from '../httpd/mirror/mirror.ts';
import type { Mirror } from '../httpd/mirror/types.ts';
import type { Ids } from '../base/ids.ts';
import { openSharedListener } from '../httpd/endpoint/shared-listener.ts';
import { freeMb } from '../image/space.ts';
import { templateJsonSchema } from '../template/document/json-schema.ts';
import type { RunBuild } from '../queue/store.ts';
import { keepPruned } from '../queue/retention.ts';
import { makeScheduler } from '../queue/scheduler.ts';
import { migrations, openStore } from '../queue/sqlite/open-store.ts';
import { version } from '../base/version.ts';
import type { Logger } from '../base/logger.ts';
import { makeHypervisor } from './hypervisor.ts';

export type Daemon = {
  readonly address: string;
  /** Takes over what may change while builds run: log level, media, retention. */
  readonly reload: (config: Config) => void;
  /** No new claims; what runs goes back to the queue without losing its attempt. Resolves when everything has gone. */
  readonly stop: () => Promise<void>;
};

// rc.d/imaged gives 40 s before KILL (daemon_timeout), and says so; this leaves room for closing what is left.
const drainMs = 20_000;
const leaseMs = 60_000;

// What a context may be older than the longest that its request may take.
const contextAgeMs = 3_600_000;

const dayMs = 86_400_000;

const mirrorOf = async (
  { mirror: { directory, upstream, keys, signify, cache_size } }: Config,
  folder: string,
  clock: Clock,
  warn: MirrorParts['warn'],
): Promise<Mirror | undefined> => {
  const shared = { keys, signify, folder, cacheBytes: cache_size * 2 ** 20, clock, warn };
  if (directory !== undefined) return makeMirror({ source: { directory }, ...shared });
  return upstream === undefined ? undefined : makeMirror({ source: { upstream: new URL(upstream) }, ...shared });
};

/** Wires the rooms and starts them, in the order in which they need each other. */
export const startDaemon = async (
  first: Config,
  {
    clock,
    ids,
    logger,
    descriptors,
  }: {
    readonly clock: Clock;
    readonly ids: Ids;
    readonly logger: Logger;
    /** How many files this process may have open. */
    readonly descriptors: number;
  },
): Promise<Daemon> => {
  let config = first;
  const cleanup = cleanupStack();
  const stopping = new AbortController();
  const folders = foldersBelow(config.data_dir, config.run_dir);
  const growth = makeGrowth();
  const texts = textLimitsOf(first);
  const warn = (facts: Readonly<Record<string, unknown>>, message: string) => logger.warn(facts, message);
  try {
    await folders.prepare();
    const store = cleanup.keep(
      await openStore({
        file: folders.store,
        place: await folders.storePlace(),
        migrations,
        clock,
        attempts: config.attempts,
        limits: {
          queued: config.limits.queue,
          templates: config.limits.templates,
          templateVersions: config.limits.template_versions,
        },
        log: logger,
      }),
    );
    const hypervisor = makeHypervisor(config, clock, stopping.signal, (note) => logger.info(note));
    const sharedListener =
      hypervisorTypeOf(config) === 'vmctl'
        ? cleanup.keep(await openSharedListener({ host: '127.0.0.1', port: config.hypervisor.endpoint_port }))
        : undefined;

    // Asked while the rest starts; whoever wants the answer hears of a failure, and the log does below.
    hypervisor.version(stopping.signal).catch(() => undefined);

    const now = clock.now();
    const { lost, stuck, ...left } = await settleLeftovers(
      { store, hypervisor, folders, now, hostBootedAt: hostBootedAt(now) },
      stopping.signal,
    );
    if (lost.length > 0)
      logger.warn(
        { builds: lost.length, folder: folders.lost.folder, lost_days: config.retention.lost_days },
        'moved the folders of builds aside that the store does not know; they are deleted after lost_days',
      );
    if (stuck.length > 0)
      logger.warn({ builds: stuck.length, first: stuck[0] }, 'folders of builds that the store does not know stay');
    if (left.programs > 0 || [left.builds, left.machines, left.folders].flat().length > 0)
      logger.info(left, 'put right what an earlier run left behind');
    const mirror = await mirrorOf(config, folders.mirror, clock, warn);
    if (mirror) cleanup.keep(mirror);
    const capacity = capacityOf(() => config, folders, clock);
    const intake = makeIntake({
      store,
      hypervisor,
      folders,
      ids,
      clock,
      media: () => config.media,
      host: () => ({ lease: hypervisor.lease, hasMirror: mirror !== undefined }),
      whole: capacity.whole,
      defaultTimeoutMs: config.limits.build_timeout,
      textsMb: textsMb(texts),
      signal: stopping.signal,
    });
    const contexts = makeContexts(folders, ids, {
      files: config.limits.context_files,
      bytes: config.limits.context * 2 ** 20,
      templateBytes: config.limits.body * 2 ** 20,
    });
    const held = heldMachines(makeLoans(clock, warn));
    const bases = makeBases();
    const runner = makeRunner({
      store,
      hypervisor,
      sharedListener,
      mirror,
      folders,
      growth,
      texts,
      clock,
      ids,
      held,
      bases,
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
        const fault = await behindFolders(asFault(error), folders.own, []);
        ended(fault.code);
        throw fault;
      }
    };
    const scheduler = cleanup.keep(
      makeScheduler({
        store,
        slots: config.workers,
        // Without a hypervisor or its folders, one build after the other would fail: they wait for it instead.
        capacity: async () => {
          await hypervisor.version(stopping.signal).catch((error: unknown) => {
            if (asFault(error).code === 'hypervisor_unavailable') throw error;
          });
          const made = await restoreFolders(folders.own);
          if (made.length > 0) logger.warn({ made }, 'made folders again that were gone');
          return capacity.now();
        },
        run,
        clock,
        ids,
        random: Math.random,
        log: logger,
        leaseMs,
      }),
    );
    const metrics = makeMetrics({ store, slots: scheduler.slots, freeDiskMb: () => freeMb(config.data_dir), version });

    const longestContextMs = longestBodyMs(config.limits.context * 2 ** 20, usualPatience.body);
    const { isDraining } = scheduler;
    const hostChecks = await hostChecksOf(() => config, {
      hypervisor,
      clock,
      isDaemon: true,
      judgedElsewhere: [...judgedEachTime, 'ports'],
    });
    const watch = watchHost({ ask: () => hostChecks.ask(stopping.signal), clock });
    // What to type names paths, and is for whoever sits at the host: "imaged check" says it.
    const withoutFix = (findings: readonly Finding[]) =>
      findings.map(({ name, state, message }) => ({ name, state, message }));

    const api = await makeApi(
      {
        store,
        intake: {
          ...intake,
          check: async (asked) => {
            await capacity.checkRoom();
            return intake.check(asked);
          },
          checkTemplate: async (...sent) => {
            await capacity.checkRoom();
            return intake.checkTemplate(...sent);
          },
        },
        contexts: {
          ...contexts,
          receive: async (...sent) => {
            await capacity.checkRoom();
            return contexts.receive(...sent);
          },
        },
        screen: (id, until) => screenOfTranscript(folders.console(id), until),
        files: { log: folders.log, console: folders.console, artifact: folders.artifact, remove: folders.remove },
        growth,
        live: {
          wake: scheduler.wake,
          isDraining,
          type: (id, bytes) => held.type(id, bytes, stopping.signal),
          lend: held.lend,
          takeBack: (id) => held.takeBack(id, stopping.signal),
          checkUnused: (id) => bases.checkUnused(folders.build(id)),
        },
        readiness: (signal) =>
          readinessOf(
            {
              store,
              hypervisor,
              roomMb: capacity.roomMb,
              isDraining,
              folders,
              uid: process.getuid?.() ?? 0,
              host: async (until) => withoutFix(await watch.known(until)),
            },
            signal,
          ),
        host: async (signal) => ({
          hypervisor: await hypervisor.facts(signal),
          capacity: { whole: await capacity.whole(), now: await capacity.now() },
          slots: scheduler.slots(),
          suspect: await store.suspect(),
          lost_mb: await folders.lost.sizeMb(),
          media: Object.keys(config.media).toSorted(),
          checks: withoutFix(await watch.whole(signal)),
        }),
        metrics,
        clock,
        ids,
        version,
        templateSchema: templateJsonSchema(),
        limits: {
          bodyBytes: config.limits.body * 2 ** 20,
          contextBytes: config.limits.context * 2 ** 20,
          ...connectionLimits(descriptors, config),
        },
        signal: stopping.signal,
      },
      { logger },
    );
    cleanup.defer(() => api.close());
    const { host, port } = config.listen;
    const address = await api.listen({ host, port }).catch((error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'another program listens there already' : error.message;
      throw new Fault('configuration_invalid', `listen: ${host}:${port} cannot be used: ${why}.`, {}, { cause: error });
    });
    scheduler.start();
    // The probe of the accelerators takes a moment that no request needs to wait for.
    hypervisor.facts(stopping.signal).catch((error: unknown) => logger.warn({ err: error }, 'no build can run yet'));
    cleanup.keep(
      keepPruned({
        store,
        removeFiles: async (id) => {
          bases.checkUnused(folders.build(id));
          await folders.remove(id);
        },
        policy: () => config.retention,
        afterRound: async () => {
          await folders.sweepContexts(await store.contexts(), clock.now() - longestContextMs - contextAgeMs);
          const gone = await folders.lost.sweep(clock.now() - config.retention.lost_days * dayMs);
          if (gone > 0) logger.info({ builds: gone }, 'deleted the folders of builds that were lost for lost_days');
        },
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
        await cleanup[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    stopping.abort(asFault(error));
    await cleanup[Symbol.asyncDispose]();
    throw error;
  }
};
