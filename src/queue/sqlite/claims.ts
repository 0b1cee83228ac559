import { Fault } from '../../base/fault.ts';
import type { BuildRows } from './builds.ts';
import { noSuchBuild } from './connection.ts';
import type { Ledger } from './connection.ts';
import { toBuild } from './rows.ts';
import type { BuildRow } from './rows.ts';
import type { Store, Suspect } from '../store.ts';

type Ask = {
  readonly token: string;
  readonly slot: number;
  readonly memoryMb: number;
  readonly diskMb: number;
  readonly leaseUntil: number;
  readonly now: number;
};

// The room is asked of the head alone: a build that does not fit yet keeps its place, and so does a suspect that cannot
// run alone yet. Held builds only keep their machine: a client may prolong that, and would keep the queue waiting. A
// build without a lease no longer runs: its end could not be written.
export const claimSql = `
  UPDATE build
  SET status = 'running', attempt = attempt + 1, attempts_left = attempts_left - 1, token = :token, slot = :slot,
      lease_until = :leaseUntil, alive_at = :now, started_at = coalesce(started_at, :now), fault = NULL
  WHERE id = (SELECT id FROM build WHERE status = 'queued' AND not_before <= :now ORDER BY priority DESC, id LIMIT 1)
    AND memory_mb <= :memoryMb AND disk_mb <= :diskMb
    AND NOT EXISTS (SELECT 1 FROM build AS other WHERE other.status = 'running' AND other.lease_until > :now
                                                   AND (other.suspect OR build.suspect))
  RETURNING *`;

export const nextDueSql = `SELECT min(not_before) AS due FROM build WHERE status = 'queued'`;

export const suspectSql = `
  SELECT id, 'runs' AS state FROM build WHERE status = 'running' AND suspect = 1
  UNION ALL
  SELECT id, 'waits' FROM (SELECT id, suspect FROM build WHERE status = 'queued' AND not_before <= ?
                           ORDER BY priority DESC, id LIMIT 1)
  WHERE suspect = 1
  LIMIT 1`;

// Once the daemon stops a build itself, that stays so.
export const heartbeatSql =
  'UPDATE build SET lease_until = :until, alive_at = iif(alive_at IS NULL, NULL, :now) WHERE token = :token';

export const stoppingSql = 'UPDATE build SET alive_at = NULL WHERE token = ?';

/** Whoever writes with a token that is not the build's own. */
export const leaseLost = (id: string): Fault =>
  new Fault('lease_lost', `The worker's token for build ${id} is no longer valid: the build was given to another.`);

/** How builds leave the queue for a worker. */
export const makeClaims = (
  { db, clock, read, write, append }: Ledger,
  { input }: BuildRows,
): Pick<Store, 'claim' | 'nextDue' | 'suspect' | 'heartbeat' | 'stopping'> => {
  const claim = db.prepare<[Ask], BuildRow>(claimSql);
  const nextDue = db.prepare<[], { readonly due: number | null }>(nextDueSql);
  const suspect = db.prepare<[number], Suspect>(suspectSql);
  const prolong = db.prepare<[{ readonly until: number; readonly now: number; readonly token: string }]>(heartbeatSql);
  const stopping = db.prepare<[string]>(stoppingSql);
  return {
    claim: ({ token, slot, room, leaseMs }) =>
      write('process', () => {
        const now = clock.now();
        const row = claim.get({ token, slot, ...room, leaseUntil: now + leaseMs, now });
        if (!row) return undefined;
        append(row.id, 'build.running', { attempt: row.attempt, slot });
        const given = input(row.id);
        if (!given) throw noSuchBuild(row.id);
        // RETURNING speaks of the row before the event was appended.
        return { build: { ...toBuild(row), version: row.version + 1 }, input: given, token };
      }),
    nextDue: () => read(() => nextDue.get()?.due ?? undefined),
    suspect: () => read(() => suspect.get(clock.now())),
    heartbeat: (tokens, leaseMs) =>
      write('process', () => {
        const now = clock.now();
        return tokens.filter((token) => prolong.run({ until: now + leaseMs, now, token }).changes === 0);
      }),
    stopping: (tokens) => write('process', () => tokens.forEach((token) => stopping.run(token))),
  };
};
