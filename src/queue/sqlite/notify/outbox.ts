import { webhookBounds } from '../../../base/bounds.ts';
import { endEvents } from '../../../base/records/webhook-event.ts';
import type { Webhook } from '../../deliveries.ts';
import type { Build, BuildEvent } from '../../records.ts';
import type { Connection } from '../connection.ts';
import { places } from '../encryption/columns.ts';
import { deliveryId } from './ids.ts';
import { parsed, toBuild, type BuildRow } from '../rows.ts';

/** The body that tells of an event, as JSON: the same whenever it is sent. */
export type Tell = (build: Build, event: BuildEvent) => string;

/**
 * Deliveries are written beside the events that they tell of, in one transaction: one is there exactly when the other is.
 * All of it is to be called within a `write`.
 */
export type Outbox = {
  /** Who is told of a new build. */
  readonly keep: (buildId: string, webhooks: readonly Webhook[]) => void;
  /** Writes the deliveries of the build's newest event. */
  readonly tell: (buildId: string, type: string, data: BuildEvent['data']) => void;
  /** The build is gone: what has been told goes with it, what has not is still told. */
  readonly forget: (buildId: string) => void;
};

type WebhookRow = { readonly place: number; readonly host: string; readonly events: string };

const isEnd = (type: string): boolean => endEvents.some((end) => end === type);

const queueFull = `${webhookBounds.waiting} deliveries waited for this host already`;

/** `tell`: undefined in a program that only reads the store, or keeps tokens: then nothing is written. */
export const makeOutbox = (
  { db, clock, encryption }: Pick<Connection, 'db' | 'clock' | 'encryption'>,
  tell: Tell | undefined,
): Outbox => {
  const insert = db.prepare<[string, number, string, string, string, string, string | null]>(
    'INSERT INTO webhook (build_id, place, url, host, events, source, secret) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  const of = db.prepare<[string], WebhookRow>('SELECT place, host, events FROM webhook WHERE build_id = ?');
  const build = db.prepare<[string], BuildRow>('SELECT * FROM build WHERE id = ?');
  const had = db
    .prepare<[string, number], number>('SELECT count(*) FROM delivery WHERE build_id = ? AND place = ?')
    .pluck();
  const waiting = db
    .prepare<[string], number>(`SELECT count(*) FROM delivery WHERE state = 'pending' AND host = ?`)
    .pluck();
  const add = db.prepare(`
    INSERT INTO delivery (id, build_id, place, host, type, body, state, why, created_at, next_at, ended_at)
    VALUES (:id, :buildId, :place, :host, :type, :body, :state, :why, :now, :nextAt, :endedAt)`);
  const forgetTold = db.prepare<[string]>(`DELETE FROM delivery WHERE build_id = ? AND state <> 'pending'`);
  const forgetWebhooks = db.prepare<[string]>(`
    DELETE FROM webhook WHERE build_id = ? AND NOT EXISTS
      (SELECT 1 FROM delivery WHERE delivery.build_id = webhook.build_id AND delivery.place = webhook.place)`);

  return {
    keep: (buildId, webhooks) => {
      for (const [place, { url, events, source, secret }] of webhooks.entries())
        insert.run(
          ...([buildId, place, encryption.encrypt(url, places.webhookUrl(buildId, place))] as const),
          ...([new URL(url).host, JSON.stringify(events), source] as const),
          secret === undefined ? null : encryption.encrypt(secret, places.webhook(buildId, place)),
        );
    },
    tell: (buildId, type, data) => {
      if (tell === undefined) return;
      const told = of.all(buildId).filter(({ events }) => parsed<readonly string[]>(events).includes(type));
      const due = told.filter(({ place }) => isEnd(type) || (had.get(buildId, place) ?? 0) < webhookBounds.deliveries);
      const row = due.length === 0 ? undefined : build.get(buildId);
      if (row === undefined) return;
      const now = clock.now();
      const body = tell(toBuild(row), { seq: row.version, at: now, type, data });
      for (const { place, host } of due) {
        const isFull = (waiting.get(host) ?? 0) >= webhookBounds.waiting;
        const end = isFull
          ? { state: 'failed', why: queueFull, nextAt: null, endedAt: now }
          : { state: 'pending', why: null, nextAt: now, endedAt: null };
        add.run({ id: deliveryId(buildId, row.version, place), buildId, place, host, type, body, now, ...end });
      }
    },
    forget: (buildId) => {
      forgetTold.run(buildId);
      forgetWebhooks.run(buildId);
    },
  };
};
