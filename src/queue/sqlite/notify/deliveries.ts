import { webhookBounds } from '../../../base/bounds.ts';
import { Fault } from '../../../base/fault.ts';
import type { AttemptEnd, Delivery, DeliveryState, DeliveryStore, DueDelivery, Webhook } from '../../deliveries.ts';
import type { Connection } from '../connection.ts';
import { places } from '../encryption/columns.ts';
import { repeatedId } from './ids.ts';
import type { Outbox } from './outbox.ts';

type DeliveryRow = {
  readonly id: string;
  readonly build_id: string;
  readonly place: number;
  readonly host: string;
  readonly type: string;
  readonly body: string;
  readonly redelivery_of: string | null;
  readonly state: DeliveryState;
  readonly why: string | null;
  readonly created_at: number;
  readonly next_at: number | null;
  readonly ended_at: number | null;
  readonly attempts: number;
  readonly url: string;
  readonly source: Webhook['source'];
  readonly secret: string | null;
};

type AttemptRow = {
  readonly at: number;
  readonly ms: number;
  readonly status: number | null;
  readonly answer: string | null;
  readonly error: string | null;
};

const toDelivery = (row: DeliveryRow, { decrypt }: Connection['encryption']): Delivery => ({
  id: row.id,
  buildId: row.build_id,
  place: row.place,
  url: decrypt<string>(row.url, places.webhookUrl(row.build_id, row.place)),
  type: row.type,
  ...(row.redelivery_of === null ? {} : { redeliveryOf: row.redelivery_of }),
  state: row.state,
  ...(row.why === null ? {} : { why: row.why }),
  createdAt: row.created_at,
  ...(row.next_at === null ? {} : { nextAt: row.next_at }),
  ...(row.ended_at === null ? {} : { endedAt: row.ended_at }),
  attempts: row.attempts,
});

const toDue = (row: DeliveryRow, encryption: Connection['encryption']): DueDelivery => ({
  ...toDelivery(row, encryption),
  host: row.host,
  body: row.body,
  source: row.source,
  ...(row.secret === null
    ? {}
    : { secret: encryption.decrypt<string>(row.secret, places.webhook(row.build_id, row.place)) }),
});

const toAttempt = ({ at, ms, status, answer, error }: AttemptRow): AttemptEnd => ({
  ...{ at, ms },
  ...(status === null ? {} : { status }),
  ...(answer === null ? {} : { answer }),
  ...(error === null ? {} : { error }),
});

const selected = 'SELECT delivery.*, url, source, secret FROM delivery JOIN webhook USING (build_id, place)';

const stillPending = (id: string): Fault =>
  new Fault(
    'delivery_pending',
    `The delivery ${id} is still under way: GET /deliveries/${id} says when it is tried next.`,
  );

const full = (buildId: string): Fault =>
  new Fault(
    'deliveries_full',
    `The build ${buildId} has had ${webhookBounds.deliveries} deliveries to this webhook, which is as many as it may.`,
  );

type Ask = { readonly now: number; readonly farthest: number; readonly busy: string; readonly away: string };

/** What is asked about deliveries. */
const makeReads = ({
  db,
  clock,
  read,
  encryption,
}: Connection): Pick<DeliveryStore, 'deliveries' | 'delivery' | 'dueDelivery' | 'nextDelivery'> => {
  const byId = db.prepare<[string], DeliveryRow>(`${selected} WHERE delivery.id = ?`);
  const attempts = db.prepare<[string], AttemptRow>('SELECT * FROM delivery_attempt WHERE delivery_id = ? ORDER BY n');
  // Ids sort by event, then by webhook.
  const ofBuild = db.prepare<[string, string, number], DeliveryRow>(
    `${selected} WHERE build_id = ? AND delivery.id > ? ORDER BY delivery.id LIMIT ?`,
  );
  const first = db.prepare<[Ask], DeliveryRow>(`
    ${selected} WHERE state = 'pending' AND (next_at <= :now OR next_at > :farthest)
      AND delivery.host NOT IN (SELECT value FROM json_each(:busy))
      AND delivery.id NOT IN (SELECT value FROM json_each(:away))
    ORDER BY next_at LIMIT 1`);
  const next = db
    .prepare<[string], number | null>(
      `SELECT min(next_at) FROM delivery WHERE state = 'pending' AND id NOT IN (SELECT value FROM json_each(?))`,
    )
    .pluck();

  return {
    deliveries: (buildId, { limit, after = '' }) =>
      read(() => {
        const rows = ofBuild.all(buildId, after, limit + 1).map((row) => toDelivery(row, encryption));
        const items = rows.slice(0, limit);
        const last = items.at(-1);
        return rows.length > limit && last ? { items, next: last.id } : { items };
      }),
    delivery: (id) =>
      read(() => {
        const row = byId.get(id);
        return row && { delivery: toDelivery(row, encryption), attempts: attempts.all(id).map(toAttempt) };
      }),
    dueDelivery: ({ busyHosts, onTheWay, farthest }) =>
      read(() => {
        const [busy, away] = [JSON.stringify(busyHosts), JSON.stringify(onTheWay)];
        const row = first.get({ now: clock.now(), farthest, busy, away });
        return row && toDue(row, encryption);
      }),
    nextDelivery: (onTheWay) => read(() => next.get(JSON.stringify(onTheWay)) ?? undefined),
  };
};

const makeAttempted = ({ db, clock, write }: Connection, outbox: Outbox): Pick<DeliveryStore, 'deliveryAttempted'> => {
  const keep = db.prepare(`
    INSERT INTO delivery_attempt (delivery_id, n, at, ms, status, answer, error)
    SELECT id, attempts + 1, :at, :ms, :status, :answer, :error FROM delivery WHERE id = :id`);
  const settle = db.prepare(`
    UPDATE delivery SET state = :state, why = :why, next_at = :nextAt, ended_at = :endedAt, attempts = attempts + 1
    WHERE id = :id`);
  const orphaned = db
    .prepare<[string], string>('SELECT build_id FROM delivery WHERE id = ? AND build_id NOT IN (SELECT id FROM build)')
    .pluck();
  return {
    deliveryAttempted: (id, { at, ms, status, answer, error }, then) =>
      write('power', () => {
        keep.run({ id, at, ms, status: status ?? null, answer: answer ?? null, error: error ?? null });
        settle.run({
          ...{ id, state: then.state, why: then.state === 'failed' ? then.why : null },
          nextAt: then.state === 'pending' ? then.nextAt : null,
          endedAt: then.state === 'pending' ? null : clock.now(),
        });
        const gone = orphaned.get(id);
        if (gone !== undefined) outbox.forget(gone);
      }),
  };
};

const makeRedeliver = ({ db, clock, write, touch, encryption }: Connection): Pick<DeliveryStore, 'redeliver'> => {
  const byId = db.prepare<[string], DeliveryRow>(`${selected} WHERE delivery.id = ?`);
  const had = db
    .prepare<[string, number], number>('SELECT count(*) FROM delivery WHERE build_id = ? AND place = ?')
    .pluck();
  const repeated = db.prepare<[string], number>('SELECT count(*) FROM delivery WHERE redelivery_of = ?').pluck();
  const add = db.prepare(`
    INSERT INTO delivery (id, build_id, place, host, type, body, redelivery_of, state, created_at, next_at)
    SELECT :id, build_id, place, host, type, body, :of, 'pending', :now, :now FROM delivery WHERE id = :of`);
  return {
    redeliver: (asked) =>
      write('power', () => {
        const row = byId.get(asked);
        if (row === undefined) return undefined;
        if (row.state === 'pending') throw stillPending(row.id);
        if ((had.get(row.build_id, row.place) ?? 0) >= webhookBounds.deliveries) throw full(row.build_id);
        const of = row.redelivery_of ?? row.id;
        const id = repeatedId(of, (repeated.get(of) ?? 0) + 1);
        add.run({ id, of, now: clock.now() });
        touch(row.build_id);
        const added = byId.get(id);
        return added && toDelivery(added, encryption);
      }),
  };
};

/** See `DeliveryStore`. */
export const makeDeliveries = (connection: Connection, outbox: Outbox): DeliveryStore => ({
  ...makeReads(connection),
  ...makeAttempted(connection, outbox),
  ...makeRedeliver(connection),
});
