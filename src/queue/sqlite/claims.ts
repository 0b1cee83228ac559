import { nextToStart } from '../rules/order.ts';
import { checkMove } from '../rules/status.ts';
import type { Store } from '../store.ts';
import type { BuildRows } from './build-rows.ts';
import type { QueueRows } from './queue-rows.ts';
import { noSuchBuild, type Connection } from './connection.ts';
import { toBuild, type BuildRow } from './rows.ts';

type Claiming = {
  readonly id: string;
  readonly token: string;
  readonly host: string;
  readonly slot: number;
  readonly leaseUntil: number;
  readonly now: number;
};

export const claimSql = `
  UPDATE build
  SET status = 'running', attempt = attempt + 1, attempts_left = attempts_left - 1, token = :token, host = :host,
      slot = :slot, lease_until = :leaseUntil, alive_at = :now, claimed_at = :now, started_at = coalesce(started_at, :now), fault = NULL
  WHERE id = :id
  RETURNING *`;

// Once the daemon stops a build itself, that stays so.
export const heartbeatSql =
  'UPDATE build SET lease_until = :until, alive_at = iif(alive_at IS NULL, NULL, :now) WHERE token = :token';

const stoppingSql = 'UPDATE build SET alive_at = NULL WHERE token = ?';

/** How builds leave the queue for a worker. */
export const makeClaims = (
  { db, clock, write, append }: Connection,
  { input }: BuildRows,
  { firstAt, started }: QueueRows,
  host: string,
): Pick<Store, 'claim' | 'heartbeat' | 'stopping'> => {
  const claim = db.prepare<[Claiming], BuildRow>(claimSql);
  const prolong = db.prepare<[{ readonly until: number; readonly now: number; readonly token: string }]>(heartbeatSql);
  const stopping = db.prepare<[string]>(stoppingSql);

  return {
    claim: ({ token, slot, room, leaseMs }) =>
      write('process', () => {
        const now = clock.now();
        const next = nextToStart(firstAt(now), started(), room, now);
        if (!next) return undefined;
        checkMove({ id: next.id, status: 'queued' }, 'running');
        const row = claim.get({ id: next.id, token, host, slot, leaseUntil: now + leaseMs, now });
        const given = input(next.id);
        if (!row || !given) throw noSuchBuild(next.id);
        append(row.id, 'build.running', { attempt: row.attempt, host, slot });
        // RETURNING speaks of the row before the event was appended.
        return { build: { ...toBuild(row), version: row.version + 1 }, input: given, token };
      }),
    heartbeat: (tokens, leaseMs) =>
      write('process', () => {
        const now = clock.now();
        return tokens.filter((token) => prolong.run({ until: now + leaseMs, now, token }).changes === 0);
      }),
    stopping: (tokens) => write('process', () => tokens.forEach((token) => stopping.run(token))),
  };
};
