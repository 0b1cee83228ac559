import type { Phase } from '../../base/records/phase.ts';
import { Fault } from '../../base/fault.ts';
import type { Store } from '../store.ts';
import type { BuildRows } from './build-rows.ts';
import type { Connection } from './connection.ts';

/** What a worker writes while it runs a build: the steps and events of its claim. */
export const makeSteps = (
  { db, clock, write, append }: Connection,
  { claimed }: BuildRows,
): Pick<Store, 'event' | 'beginStep' | 'endStep'> => {
  const setPhase = db.prepare<[Phase, string]>('UPDATE build SET phase = ? WHERE id = ?');
  const lastStep = db.prepare<[string], { readonly seq: number | null }>(
    'SELECT max(seq) AS seq FROM build_step WHERE build_id = ?',
  );
  const beginStep = db.prepare(`
    INSERT INTO build_step (build_id, seq, attempt, name, phase, started_at)
    VALUES (:id, :seq, :attempt, :name, :phase, :now)`);
  const endStep = db.prepare<[number, string | null, string, number], { readonly name: string }>(`
    UPDATE build_step SET ended_at = ?, fault = ? WHERE build_id = ? AND seq = ? AND ended_at IS NULL RETURNING name`);

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
  };
};
