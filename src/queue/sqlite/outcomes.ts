import type { EventData } from '../../base/records/build-events.ts';
import { diskFormatOf } from '../../base/media-type.ts';
import type { FaultRecord } from '../../base/records/fault-record.ts';
import { checkMove } from '../rules/status.ts';
import type { Build, Outcome } from '../records.ts';
import type { VariableValues } from '../../base/records/variable-value.ts';
import type { Connection } from './connection.ts';
import { places } from './encryption/columns.ts';
import type { CountEnd } from './statistics/count-ends.ts';

type Ended = Exclude<Outcome, { readonly status: 'queued' }>;
type Requeued = Extract<Outcome, { readonly status: 'queued' }>;

/** What else the event of a build that goes back to the queue says. */
type Facts = Pick<EventData['build.requeued'], 'deaths' | 'runsAlone'>;

/** Writes how a build leaves its worker, or the queue: for good, or to be tried again. To be called within a `write`. */
export type WriteOutcome = (build: Build, outcome: Outcome, facts?: Facts) => void;

const textOf = (fault: FaultRecord | undefined) => (fault === undefined ? null : JSON.stringify(fault));

/** Forgets the values of these variables of a build. */
const makeForget = ({ db, forget, encryption }: Connection) => {
  const variables = db.prepare<[string], string>('SELECT variables FROM build_input WHERE build_id = ?').pluck();
  const setVariables = db.prepare<[string, string]>('UPDATE build_input SET variables = ? WHERE build_id = ?');

  return (id: string, sensitive: readonly string[]): void => {
    const place = places.variables(id);
    const all = Object.entries(encryption.decrypt<VariableValues>(variables.get(id) ?? '', place));
    const left = all.filter(([name]) => !sensitive.includes(name));
    setVariables.run(encryption.encrypt(Object.fromEntries(left), place), id);
    forget();
  };
};

/** `countEnd`: see its type. */
export const makeWriteOutcome = (connection: Connection, countEnd: CountEnd): WriteOutcome => {
  const { db, clock, append } = connection;
  const end = db.prepare(`
    UPDATE build
    SET status = :status, fault = :fault, ended_at = :now, token = NULL, lease_until = NULL, slot = NULL,
        hold_until = NULL, hold_ssh = NULL
    WHERE id = :id`);
  const requeue = db.prepare(`
    UPDATE build
    SET status = 'queued', fault = :fault, token = NULL, lease_until = NULL, slot = NULL, phase = NULL,
        attempts_left = attempts_left + :givenBack, not_before = :notBefore
    WHERE id = :id`);
  const publish = db.prepare(`
    INSERT INTO artifact (build_id, seq, name, media_type, size, sha256)
    VALUES (:id, :seq, :name, :mediaType, :size, :sha256)`);
  const endSteps = db.prepare('UPDATE build_step SET ended_at = ?, fault = ? WHERE build_id = ? AND ended_at IS NULL');
  const forgetValues = makeForget(connection);

  const writeEnd = (build: Build, outcome: Ended): void => {
    const { id, attempt, sensitive } = build;
    const fault = outcome.status === 'succeeded' ? undefined : outcome.fault;
    const artifacts = 'artifacts' in outcome ? outcome.artifacts : undefined;
    artifacts?.forEach(({ name, mediaType, size, sha256 }, at) => {
      publish.run({ id, seq: at + 1, name, mediaType, size, sha256 });
      const format = diskFormatOf(mediaType);
      append(id, 'artifact.published', { name, mediaType, ...(format ? { format } : {}), size, sha256 });
    });
    const now = clock.now();
    end.run({ id, status: outcome.status, fault: textOf(fault), now });
    endSteps.run(now, textOf(fault), id);
    countEnd(build, { status: outcome.status, code: fault?.code ?? '', at: now });
    if (sensitive.length > 0) forgetValues(id, sensitive);
    if (outcome.status === 'succeeded') append(id, 'build.succeeded', { attempt });
    else append(id, `build.${outcome.status}`, { attempt, fault: outcome.fault });
  };

  const writeRequeue = ({ id, attempt }: Build, outcome: Requeued, facts: Facts): void => {
    const { losesAttempt, notBefore, fault } = outcome;
    requeue.run({ id, fault: textOf(fault), givenBack: losesAttempt ? 0 : 1, notBefore });
    endSteps.run(clock.now(), textOf(fault), id);
    append(id, 'build.requeued', {
      attempt,
      losesAttempt,
      notBefore,
      ...(fault ? { fault } : {}),
      ...facts,
    });
  };

  return (build, outcome, facts = {}) => {
    checkMove(build, outcome.status);
    if (outcome.status === 'queued') writeRequeue(build, outcome, facts);
    else writeEnd(build, outcome);
  };
};
