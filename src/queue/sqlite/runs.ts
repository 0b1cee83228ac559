import { diskFormatOf } from '../../base/media-type.ts';
import { Fault } from '../../base/fault.ts';
import type { BuildRows } from './builds.ts';
import { leaseLost } from './claims.ts';
import { cancelledByClient } from './endings.ts';
import type { Endings } from './endings.ts';
import { noSuchBuild } from './connection.ts';
import type { Ledger } from './connection.ts';
import type { Build, Outcome, Phase, Store } from '../store.ts';

/** What a worker writes about the build that it has claimed, and what clients say to it meanwhile. */
export const makeRuns = (
  { db, clock, write, append }: Ledger,
  { find }: BuildRows,
  { end, requeue }: Endings,
): Pick<Store, 'event' | 'beginStep' | 'endStep' | 'hold' | 'setHold' | 'finish' | 'cancel'> => {
  const isHeldBy = db.prepare<[string, string]>('SELECT 1 FROM build WHERE id = ? AND token = ?');
  const setPhase = db.prepare<[Phase, string]>('UPDATE build SET phase = ? WHERE id = ?');
  const lastStep = db.prepare<[string], { readonly seq: number | null }>(
    'SELECT max(seq) AS seq FROM build_step WHERE build_id = ?',
  );
  const beginStep = db.prepare(`
    INSERT INTO build_step (build_id, seq, attempt, name, phase, started_at)
    VALUES (:id, :seq, :attempt, :name, :phase, :now)`);
  const endStep = db.prepare<[number, string | null, string, number], { readonly name: string }>(`
    UPDATE build_step SET ended_at = ?, fault = ? WHERE build_id = ? AND seq = ? AND ended_at IS NULL RETURNING name`);
  const hold = db.prepare(
    `UPDATE build SET status = 'held', hold_until = :until, hold_ssh = :ssh, fault = :fault WHERE id = :id`,
  );
  const setHold = db.prepare<[number, string]>('UPDATE build SET hold_until = ? WHERE id = ?');
  const askToCancel = db.prepare<[string]>('UPDATE build SET cancel_requested = 1 WHERE id = ?');
  const publish = db.prepare(`
    INSERT INTO artifact (build_id, seq, name, media_type, size, sha256)
    VALUES (:id, :seq, :name, :mediaType, :size, :sha256)`);

  const claimed = (id: string, token: string): Build => {
    const build = isHeldBy.get(id, token) ? find(id) : undefined;
    if (!build) throw leaseLost(id);
    return build;
  };

  const settle = (build: Build, outcome: Outcome): void => {
    switch (outcome.status) {
      case 'succeeded':
        outcome.artifacts.forEach(({ name, mediaType, size, sha256 }, at) => {
          publish.run({ id: build.id, seq: at + 1, name, mediaType, size, sha256 });
          const format = diskFormatOf(mediaType);
          append(build.id, 'artifact.published', { name, mediaType, ...(format ? { format } : {}), size, sha256 });
        });
        return end(build, 'succeeded');
      case 'failed':
      case 'cancelled':
        return end(build, outcome.status, outcome.fault);
      case 'queued':
        // Its client was told that it will be cancelled; what is held has failed already.
        if (build.cancelRequested) return end(build, 'cancelled', cancelledByClient());
        if (build.status === 'held') return end(build, 'failed', build.fault);
        return requeue(build, outcome);
    }
  };

  return {
    event: (id, type, data, token) =>
      write('process', () => {
        if (token !== undefined) claimed(id, token);
        append(id, type, data);
      }),
    beginStep: (id, token, { name, phase }) =>
      write('process', () => {
        const { attempt, phase: before } = claimed(id, token);
        const seq = (lastStep.get(id)?.seq ?? 0) + 1;
        if (phase !== before) {
          setPhase.run(phase, id);
          append(id, 'build.phase', { phase });
        }
        beginStep.run({ id, seq, attempt, name, phase, now: clock.now() });
        append(id, 'step.started', { step: seq, name, phase, attempt });
        return seq;
      }),
    endStep: (id, token, seq, fault) =>
      write('process', () => {
        claimed(id, token);
        const step = endStep.get(clock.now(), fault ? JSON.stringify(fault) : null, id, seq);
        if (!step) throw new Fault('not_found', `Build ${id} has no step ${seq} that has begun and not ended.`);
        append(id, 'step.ended', { step: seq, name: step.name, ...(fault ? { fault } : {}) });
      }),
    hold: (id, token, { until, ssh }, fault) =>
      write('process', () => {
        claimed(id, token);
        hold.run({ id, until, ssh: ssh ?? null, fault: JSON.stringify(fault) });
        append(id, 'build.held', { until, ...(ssh === undefined ? {} : { ssh }), fault });
      }),
    setHold: (id, until) =>
      write('power', () => {
        const build = find(id);
        if (!build) throw noSuchBuild(id);
        if (build.status !== 'held')
          throw new Fault('build_not_held', `Build ${id} is ${build.status}, and only a held one can be held longer.`, {
            status: build.status,
          });
        setHold.run(until, id);
        append(id, 'build.held', { until });
        return find(id) ?? build;
      }),
    finish: (id, token, outcome) => write('power', () => settle(claimed(id, token), outcome)),
    cancel: (id) =>
      write('power', () => {
        const build = find(id);
        if (build?.status === 'queued') end(build, 'cancelled', cancelledByClient());
        else if (build && build.endedAt === undefined && !build.cancelRequested) {
          askToCancel.run(id);
          append(id, 'build.cancel_requested', {});
        }
        return find(id);
      }),
  };
};
