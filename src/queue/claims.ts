import { Fault } from '../fault.ts';
import { makeInput } from './builds.ts';
import { noSuchBuild } from './ledger.ts';
import type { Ledger } from './ledger.ts';
import { toBuild } from './rows.ts';
import type { BuildRow } from './rows.ts';
import type { Store } from './types.ts';

type Ask = {
  readonly token: string;
  readonly slot: number;
  readonly memoryMb: number;
  readonly diskMb: number;
  readonly leaseUntil: number;
  readonly now: number;
};

// The room is asked of the head alone: a build that does not fit yet keeps its place.
export const claimSql = `
  UPDATE build
  SET status = 'running', attempt = attempt + 1, attempts_left = attempts_left - 1, token = :token, slot = :slot,
      lease_until = :leaseUntil, started_at = coalesce(started_at, :now), fault = NULL
  WHERE id = (SELECT id FROM build WHERE status = 'queued' AND not_before <= :now ORDER BY priority DESC, id LIMIT 1)
    AND memory_mb <= :memoryMb AND disk_mb <= :diskMb
  RETURNING *`;

export const nextDueSql = `SELECT min(not_before) AS due FROM build WHERE status = 'queued'`;

export const heartbeatSql = 'UPDATE build SET lease_until = ? WHERE token = ?';

/** Whoever writes with a token that is not the build's own. */
export const leaseLost = (id: string): Fault =>
  new Fault('lease_lost', `The worker's token for build ${id} is no longer valid: the build was given to another.`);

/** How builds leave the queue for a worker. */
export const makeClaims = (ledger: Ledger): Pick<Store, 'claim' | 'nextDue' | 'heartbeat'> => {
  const { db, clock, read, write, append } = ledger;
  const input = makeInput(ledger);
  const claim = db.prepare<[Ask], BuildRow>(claimSql);
  const nextDue = db.prepare<[], { readonly due: number | null }>(nextDueSql);
  const prolong = db.prepare<[number, string]>(heartbeatSql);
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
    heartbeat: (tokens, leaseMs) =>
      write('process', () => {
        const until = clock.now() + leaseMs;
        return tokens.filter((token) => prolong.run(until, token).changes === 0);
      }),
  };
};
