import { Fault, recordOf } from '../../base/fault.ts';
import type { FaultRecord } from '../../base/fault.ts';
import type { Ledger } from './connection.ts';
import type { Build } from '../store.ts';

type Requeue = {
  readonly losesAttempt: boolean;
  readonly notBefore: number;
  readonly fault?: FaultRecord;
  /** What else its event says. */
  readonly facts?: Readonly<Record<string, unknown>>;
};

/** How builds leave their worker: for good, or back to the queue. To be called within a `write`. */
export type Endings = {
  readonly end: (build: Build, status: 'succeeded' | 'failed' | 'cancelled', fault?: FaultRecord) => void;
  readonly requeue: (build: Build, how: Requeue) => void;
};

/** What a build that its client cancelled ends with. */
export const cancelledByClient = (): FaultRecord =>
  recordOf(new Fault('cancelled', 'The build was cancelled by a client.'));

const left = (fault: FaultRecord | undefined) => (fault === undefined ? null : JSON.stringify(fault));

export const makeEndings = ({ db, clock, append, forget }: Ledger): Endings => {
  const end = db.prepare(`
    UPDATE build
    SET status = :status, fault = :fault, ended_at = :now, token = NULL, lease_until = NULL, slot = NULL, phase = NULL,
        hold_until = NULL, hold_ssh = NULL
    WHERE id = :id`);
  const requeue = db.prepare(`
    UPDATE build
    SET status = 'queued', fault = :fault, token = NULL, lease_until = NULL, slot = NULL, phase = NULL,
        attempts_left = attempts_left + :givenBack, not_before = :notBefore
    WHERE id = :id`);
  const endSteps = db.prepare('UPDATE build_step SET ended_at = ?, fault = ? WHERE build_id = ? AND ended_at IS NULL');
  const forgetValues = db.prepare(`
    UPDATE build_input
    SET variables = (SELECT json_group_object(key, value) FROM json_each(variables)
                     WHERE key NOT IN (SELECT value FROM json_each(?)))
    WHERE build_id = ?`);

  return {
    end: (build, status, fault) => {
      const now = clock.now();
      end.run({ id: build.id, status, fault: left(fault), now });
      endSteps.run(now, left(fault), build.id);
      if (build.sensitive.length > 0) {
        forgetValues.run(JSON.stringify(build.sensitive), build.id);
        forget();
      }
      append(build.id, `build.${status}`, fault ? { attempt: build.attempt, fault } : { attempt: build.attempt });
    },
    requeue: (build, { losesAttempt, notBefore, fault, facts }) => {
      requeue.run({ id: build.id, fault: left(fault), givenBack: losesAttempt ? 0 : 1, notBefore });
      endSteps.run(clock.now(), left(fault), build.id);
      append(build.id, 'build.requeued', {
        attempt: build.attempt,
        loses_attempt: losesAttempt,
        not_before: notBefore,
        ...(fault ? { fault } : {}),
        ...facts,
      });
    },
  };
};
