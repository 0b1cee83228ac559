import { Fault, recordOf } from '../../base/fault.ts';
import { onCancel } from '../rules/cancel.ts';
import { onNewHold } from '../rules/changes.ts';
import { becauseOf, endsWithRun } from '../rules/run.ts';
import { cancelledByClient, settled } from '../rules/settle.ts';
import { checkMove } from '../rules/status.ts';
import type { Build } from '../records.ts';
import type { Cancel } from '../asked.ts';
import type { Store } from '../store.ts';
import type { BuildRows } from './build-rows.ts';
import { noSuchBuild, type Connection } from './connection.ts';
import { makeChanges } from './keeping/changes.ts';
import { makeWriteOutcome, type WriteOutcome } from './outcomes.ts';
import type { RunRows } from './runs/run-rows.ts';
import type { CountEnd } from './statistics/count-ends.ts';

/** Cancels a build, as rules/cancel.ts says. To be called within a `write`. */
export type WriteCancel = (build: Build, cancel: Cancel) => void;

const makeWriteCancel = ({ db, append }: Connection, writeOutcome: WriteOutcome): WriteCancel => {
  const askToCancel = db.prepare<[string]>('UPDATE build SET cancel_requested = 1 WHERE id = ?');
  const keepWho = db.prepare<[string | null, string | null, string]>(
    'UPDATE build SET cancelled_by = ?, cancel_reason = ? WHERE id = ?',
  );
  return (build, cancel) => {
    const { id } = build;
    const does = onCancel(build);
    if (does !== 'nothing') keepWho.run(cancel.by ?? null, cancel.reason ?? null, id);
    if (does === 'end') writeOutcome(build, { status: 'cancelled', fault: recordOf(cancelledByClient(cancel)) });
    if (does === 'ask') {
      askToCancel.run(id);
      append(id, 'build.cancel_requested', { ...cancel });
    }
  };
};

/** Cancels the others of a run that has fail_fast, when this build of it has failed. To be called within a `write`. */
export type FailFast = (failed: Build) => void;

const makeFailFast =
  ({ row, builds }: RunRows, writeCancel: WriteCancel): FailFast =>
  (failed) => {
    if (failed.runId === undefined || row(failed.runId)?.fail_fast !== 1) return;
    const others = builds(failed.runId).filter(({ id }) => id !== failed.id);
    for (const other of others.filter(endsWithRun)) writeCancel(other, becauseOf(failed));
  };

const withFailFast =
  (writeOutcome: WriteOutcome, failFast: FailFast): WriteOutcome =>
  (build, outcome, facts) => {
    writeOutcome(build, outcome, facts);
    if (outcome.status === 'failed') failFast(build);
  };

/** Every way for builds to end, or go back to the queue, with what that means for the others of a run. */
export type Endings = {
  readonly writeOutcome: WriteOutcome;
  readonly writeCancel: WriteCancel;
  readonly failFast: FailFast;
};

export const makeEndings = (connection: Connection, runs: RunRows, countEnd: CountEnd): Endings => {
  const writeOne = makeWriteOutcome(connection, countEnd);
  const writeCancel = makeWriteCancel(connection, writeOne);
  const failFast = makeFailFast(runs, writeCancel);
  return { writeOutcome: withFailFast(writeOne, failFast), writeCancel, failFast };
};

/** How claimed builds are held and end, and what clients say to them meanwhile. */
export const makeEnds = (
  { db, clock, write, append }: Connection,
  { find, claimed }: BuildRows,
  { writeOutcome, writeCancel, failFast }: Endings,
): Pick<Store, 'hold' | 'setHold' | 'finish' | 'cancel' | 'tookArtifacts'> => {
  const setFromCache = db.prepare<[string, string]>('UPDATE build SET from_cache = ? WHERE id = ?');
  const hold = db.prepare(
    `UPDATE build SET status = 'held', hold_until = :until, hold_ssh = :ssh, fault = :fault WHERE id = :id`,
  );
  const setHold = db.prepare<[number, string]>('UPDATE build SET hold_until = ? WHERE id = ?');
  const changes = makeChanges({ db });

  return {
    hold: (id, token, { until, ssh }, fault) =>
      write('process', () => {
        const build = claimed(id, token);
        checkMove(build, 'held');
        hold.run({ id, until, ssh: ssh ?? null, fault: JSON.stringify(fault) });
        append(id, 'build.held', { until, ...(ssh === undefined ? {} : { ssh }), fault });
        failFast(build);
      }),
    setHold: (id, until) =>
      write('power', () => {
        const build = find(id);
        if (!build) throw noSuchBuild(id);
        if (build.status !== 'held')
          throw new Fault('build_not_held', `Build ${id} is ${build.status}: it has no hold to change.`, {
            status: build.status,
          });
        const does = build.hold === undefined ? 'nothing' : onNewHold(build.hold, until, clock.now());
        if (does === 'nothing') return build;
        // Each hold can be ended once, and made longer so often.
        if (does === 'change') changes.check(id);
        setHold.run(until, id);
        append(id, 'build.held', { until });
        return find(id) ?? build;
      }),
    finish: (id, token, outcome) =>
      write('power', () => {
        const build = claimed(id, token);
        writeOutcome(build, settled(build, outcome));
      }),
    tookArtifacts: (id, token, from) =>
      write('process', () => {
        claimed(id, token);
        setFromCache.run(from, id);
      }),
    cancel: (id, cancel = {}) =>
      write('power', () => {
        const build = find(id);
        if (!build) return undefined;
        writeCancel(build, cancel);
        return find(id);
      }),
  };
};
