import { mayStart, suspectAmong, type Started } from '../rules/order.ts';
import { checkMove } from '../rules/status.ts';
import type { Store } from '../store.ts';
import type { BuildRows } from './build-rows.ts';
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

// As `headOf` has it. Its inner part is answered by the index build_queue alone.
export const headSql = `
  SELECT * FROM build
  WHERE id = (SELECT id FROM build WHERE status = 'queued' AND not_before <= ? ORDER BY priority DESC, id LIMIT 1)`;

export const startedSql = `SELECT id, suspect, lease_until FROM build WHERE status = 'running'`;

export const claimSql = `
  UPDATE build
  SET status = 'running', attempt = attempt + 1, attempts_left = attempts_left - 1, token = :token, host = :host,
      slot = :slot, lease_until = :leaseUntil, alive_at = :now, started_at = coalesce(started_at, :now), fault = NULL
  WHERE id = :id
  RETURNING *`;

export const nextDueSql = `SELECT min(not_before) AS due FROM build WHERE status = 'queued'`;

// Once the daemon stops a build itself, that stays so.
export const heartbeatSql =
  'UPDATE build SET lease_until = :until, alive_at = iif(alive_at IS NULL, NULL, :now) WHERE token = :token';

export const stoppingSql = 'UPDATE build SET alive_at = NULL WHERE token = ?';

/** How builds leave the queue for a worker. */
export const makeClaims = (
  { db, clock, read, write, append }: Connection,
  { input }: BuildRows,
  host: string,
): Pick<Store, 'claim' | 'nextDue' | 'suspect' | 'heartbeat' | 'stopping'> => {
  const head = db.prepare<[number], BuildRow>(headSql);
  const started = db.prepare<[], Pick<BuildRow, 'id' | 'suspect'> & { readonly lease_until: number }>(startedSql);
  const claim = db.prepare<[Claiming], BuildRow>(claimSql);
  const nextDue = db.prepare<[], { readonly due: number | null }>(nextDueSql);
  const prolong = db.prepare<[{ readonly until: number; readonly now: number; readonly token: string }]>(heartbeatSql);
  const stopping = db.prepare<[string]>(stoppingSql);

  const headOfQueue = (now: number) => {
    const row = head.get(now);
    return row && toBuild(row);
  };
  const running = (): readonly Started[] =>
    started.all().map(({ id, suspect, lease_until }) => ({ id, isSuspect: suspect === 1, leaseUntil: lease_until }));

  return {
    claim: ({ token, slot, room, leaseMs }) =>
      write('process', () => {
        const now = clock.now();
        const first = headOfQueue(now);
        if (!first || !mayStart(first, running(), room, now)) return undefined;
        checkMove(first, 'running');
        const row = claim.get({ id: first.id, token, host, slot, leaseUntil: now + leaseMs, now });
        const given = input(first.id);
        if (!row || !given) throw noSuchBuild(first.id);
        append(row.id, 'build.running', { attempt: row.attempt, host, slot });
        // RETURNING speaks of the row before the event was appended.
        return { build: { ...toBuild(row), version: row.version + 1 }, input: given, token };
      }),
    nextDue: () => read(() => nextDue.get()?.due ?? undefined),
    suspect: () =>
      read(() => {
        const now = clock.now();
        return suspectAmong(headOfQueue(now), running(), now);
      }),
    heartbeat: (tokens, leaseMs) =>
      write('process', () => {
        const now = clock.now();
        return tokens.filter((token) => prolong.run({ until: now + leaseMs, now, token }).changes === 0);
      }),
    stopping: (tokens) => write('process', () => tokens.forEach((token) => stopping.run(token))),
  };
};
