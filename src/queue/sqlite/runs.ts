import { Fault, recordOf } from '../../base/fault.ts';
import { onCancel } from '../rules/cancel.ts';
import { cancelledByClient, settled } from '../rules/settle.ts';
import { checkMove } from '../rules/status.ts';
import type { Store } from '../store.ts';
import type { BuildRows } from './build-rows.ts';
import { noSuchBuild, type Connection } from './connection.ts';
import type { WriteOutcome } from './outcomes.ts';

/** How claimed builds are held and end, and what clients say to them meanwhile. */
export const makeRuns = (
  { db, write, append }: Connection,
  { find, claimed }: BuildRows,
  writeOutcome: WriteOutcome,
): Pick<Store, 'hold' | 'setHold' | 'finish' | 'cancel'> => {
  const hold = db.prepare(
    `UPDATE build SET status = 'held', hold_until = :until, hold_ssh = :ssh, fault = :fault WHERE id = :id`,
  );
  const setHold = db.prepare<[number, string]>('UPDATE build SET hold_until = ? WHERE id = ?');
  const askToCancel = db.prepare<[string]>('UPDATE build SET cancel_requested = 1 WHERE id = ?');
  const keepWho = db.prepare<[string | null, string | null, string]>(
    'UPDATE build SET cancelled_by = ?, cancel_reason = ? WHERE id = ?',
  );

  return {
    hold: (id, token, { until, ssh }, fault) =>
      write('process', () => {
        checkMove(claimed(id, token), 'held');
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
    finish: (id, token, outcome) =>
      write('power', () => {
        const build = claimed(id, token);
        writeOutcome(build, settled(build, outcome));
      }),
    cancel: (id, cancel = {}) =>
      write('power', () => {
        const build = find(id);
        if (!build) return undefined;
        const does = onCancel(build);
        if (does !== 'nothing') keepWho.run(cancel.by ?? null, cancel.reason ?? null, id);
        if (does === 'end') writeOutcome(build, { status: 'cancelled', fault: recordOf(cancelledByClient(cancel)) });
        if (does === 'ask') {
          askToCancel.run(id);
          append(id, 'build.cancel_requested', { ...cancel });
        }
        return find(id);
      }),
  };
};
