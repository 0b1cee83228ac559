import type { Clock } from '../base/clock.ts';
import { asFault, Fault } from '../base/fault.ts';
import { retry } from '../base/waiting.ts';
import type { HostTrouble } from './host-trouble.ts';
import { afterFault, isHostsOwn } from './rules/retry.ts';
import { cancelledByClient } from './rules/settle.ts';
import { FailedWith } from './rules/failed-with.ts';
import type { Claim, Outcome } from './records.ts';
import type { RunBuild, Store } from './store.ts';

export type WorkerLog = {
  readonly info: (facts: object, message: string) => void;
  readonly warn: (facts: object, message: string) => void;
  readonly error: (facts: object, message: string) => void;
};

export type WorkerParts = {
  readonly store: Store;
  readonly run: RunBuild;
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly log: WorkerLog;
  readonly trouble: Pick<HostTrouble, 'look'>;
};

/** One claimed build at work: where it runs and what stops it. */
export type WorkerJob = { readonly claim: Claim; readonly slot: number; readonly stop: AbortController };

const isOf = (error: unknown, ...codes: readonly Fault['code'][]): boolean =>
  error instanceof Fault && codes.includes(error.code);

const storeMayRecover = (error: unknown): boolean => isOf(error, 'storage_full', 'store_unavailable');

/** Why a run ended. Whatever broke after it was stopped broke because of that; the same fault knows its step. */
const causeOf = (error: unknown, { aborted, reason }: AbortSignal): Fault => {
  const thrown = asFault(error);
  if (!aborted) return thrown;
  const stopped = asFault(reason);
  return thrown.code === stopped.code ? thrown : stopped;
};

/** Stops the job when a client asks for it. */
const followCancel = (
  { claim: { build }, stop }: WorkerJob,
  { store, log }: Pick<WorkerParts, 'store' | 'log'>,
): Disposable => {
  const look = (): void => {
    store.find(build.id).then(
      (now) => {
        if (now?.cancelRequested) stop.abort(cancelledByClient(now.cancel));
      },
      (error: unknown) => log.warn({ err: error, build: build.id }, 'could not see whether a build is to be cancelled'),
    );
  };
  const following = store.onChange(build.id, look);
  // It may have been asked for before this listened.
  look();
  return following;
};

/**
 * Runs a claimed build to its end and writes back what became of it. What it could not write (the disk is full) it
 * tries again until `giveUp`; then the next daemon's recovery settles the build. Never rejects.
 */
export const makeWorker = ({ store, run, clock, random, log, trouble }: WorkerParts) => {
  const hostAfter = async (fault: Fault) =>
    isHostsOwn(fault.code) && (await trouble.look(fault)) !== undefined ? 'cannot build' : 'can build';

  const outcomeOf = async (job: WorkerJob): Promise<Outcome> => {
    const { claim, slot, stop } = job;
    try {
      using following = followCancel(job, { store, log });
      const artifacts = await run(claim, slot, stop.signal);
      following[Symbol.dispose]();
      return { status: 'succeeded', artifacts };
    } catch (thrown) {
      const [error, artifacts] = thrown instanceof FailedWith ? [thrown.fault, thrown.artifacts] : [thrown, []];
      const fault = causeOf(error, stop.signal);
      if (fault.code === 'internal') log.error({ err: error, build: claim.build.id }, 'a build met a defect of imaged');
      const outcome = afterFault(claim.build, fault, clock.now(), random, await hostAfter(fault));
      return outcome.status === 'failed' && artifacts.length > 0 ? { ...outcome, artifacts } : outcome;
    }
  };

  const writeBack = async ({ claim }: WorkerJob, outcome: Outcome, giveUp: AbortSignal): Promise<void> => {
    const { build, token } = claim;
    const finish = (what: Outcome) =>
      retry(
        async () => {
          try {
            await store.finish(build.id, token, what);
          } catch (error) {
            log.error({ err: error, build: build.id, status: what.status }, 'could not write how a build ended');
            throw error;
          }
        },
        { attempts: Infinity, firstMs: 250, growth: 2, mostMs: 10_000 },
        storeMayRecover,
        clock,
        giveUp,
      );
    try {
      await finish(outcome);
    } catch (error) {
      if (giveUp.aborted || isOf(error, 'lease_lost')) return;
      // The store refused this end (an artifact that cannot be): the build must end all the same.
      await finish(afterFault({ attempt: build.attempt, attemptsLeft: 0 }, asFault(error), 0, random));
    }
  };

  return async (job: WorkerJob, giveUp: AbortSignal): Promise<void> => {
    const { claim, slot } = job;
    const facts = { build: claim.build.id, attempt: claim.build.attempt, slot };
    log.info({ ...facts, template: claim.build.templateName }, 'build started');
    try {
      const outcome = await outcomeOf(job);
      await writeBack(job, outcome, giveUp);
      const why = 'fault' in outcome && outcome.fault ? { code: outcome.fault.code, why: outcome.fault.message } : {};
      log.info({ ...facts, status: outcome.status, ...why }, 'build ended');
    } catch (error) {
      log.error({ ...facts, err: error }, 'a build was left to the next recovery');
    }
  };
};
