/** What the builds of one run mean for each other. */

import type { RunStatus } from '../../base/records/run-status.ts';
import type { Build } from '../records.ts';
import type { Cancel } from '../asked.ts';
import type { Started } from './order.ts';

/** The builds of a run by what became of them; those that were deleted since are counted too. */
export type RunCounts = {
  readonly builds: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly cancelled: number;
  /** Those that are queued now. */
  readonly queued: number;
};

/** One result for all. */
export const runStatusOf = ({ builds, succeeded, failed, cancelled, queued }: RunCounts): RunStatus => {
  if (succeeded + failed + cancelled < builds) return queued === builds ? 'queued' : 'running';
  if (failed > 0) return 'failed';
  return cancelled > 0 ? 'cancelled' : 'succeeded';
};

/**
 * The runs of which as many builds run as may at once: no more of them are claimed. A held build is not counted: it has
 * failed and only keeps its machine, and a client may prolong that.
 */
export const fullRuns = (started: readonly Pick<Started, 'run' | 'status'>[]): readonly string[] => {
  const running = new Map<string, number>();
  const full = new Set<string>();
  for (const { run, status } of started) {
    if (run?.parallel === undefined || status !== 'running') continue;
    const now = (running.get(run.id) ?? 0) + 1;
    running.set(run.id, now);
    if (now >= run.parallel) full.add(run.id);
  }
  return [...full];
};

/** Whether a build is cancelled when another of its run has failed: not one that has failed itself and is held. */
export const endsWithRun = ({ status }: Pick<Build, 'status'>): boolean => status === 'queued' || status === 'running';

/** Why the others of a run are cancelled when this build has failed. */
export const becauseOf = ({ id, machine }: Pick<Build, 'id' | 'machine'>): Cancel => ({
  reason: `build ${id} of the machine ${machine ?? 'beside it'} has failed, and its run has fail_fast`,
});
