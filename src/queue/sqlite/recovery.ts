import { Fault, recordOf } from '../../base/fault.ts';
import { afterDeath, isItsDeath, type CrashCount, type CrashLimits } from '../rules/crash.ts';
import { maySettle, settled } from '../rules/settle.ts';
import type { Outcome } from '../records.ts';
import type { Store } from '../store.ts';
import type { BuildRows } from './build-rows.ts';
import type { Connection } from './connection.ts';
import type { WriteOutcome } from './outcomes.ts';
import { toBuild, type BuildRow } from './rows.ts';

type OpenStep = { readonly name: string; readonly started_at: number };

type LeftRow = BuildRow & { readonly lease_until: number };

const daemonDied = new Fault('lease_lost', 'The daemon died while the build ran.');

const again = { status: 'queued', losesAttempt: false, notBefore: 0, fault: recordOf(daemonDied) } satisfies Outcome;

const killsDaemon = ({ loneDeaths }: CrashCount, step: string | undefined) =>
  new Fault(
    'daemon_crashed',
    `The daemon died ${loneDeaths} times while this build ran alone, the last time ` +
      `${step === undefined ? 'between two steps' : `in step ${step}`}, so it is not run again. ` +
      "See the end of the daemon's log, and whether the host ran out of memory.",
    { deaths: loneDeaths, ...(step === undefined ? {} : { step }) },
  );

/**
 * Settles what an earlier daemon left running, before this one claims anything. A build gets its attempt back, unless
 * rules/crash.ts says that it is the build that kills the daemon.
 */
export const makeRecovery = (
  { db, clock, read, write }: Connection,
  { find }: Pick<BuildRows, 'find'>,
  writeOutcome: WriteOutcome,
  { host, limits }: { readonly host: string; readonly limits: CrashLimits },
): Pick<Store, 'leftovers' | 'recover'> => {
  const left = db.prepare<[], LeftRow>(`SELECT * FROM build WHERE status IN ('running', 'held') ORDER BY id`);
  const openStep = db.prepare<[string], OpenStep>(
    'SELECT name, started_at FROM build_step WHERE build_id = ? AND ended_at IS NULL ORDER BY seq DESC LIMIT 1',
  );
  const count = db.prepare<[CrashCount & { readonly id: string; readonly suspect: number }]>(`
    UPDATE build
    SET deaths = :deaths, crashes = :crashes, lone_deaths = :loneDeaths, lone_crashes = :loneCrashes, suspect = :suspect
    WHERE id = :id`);

  /** Counts the death of the daemon against a build that was run; gives what becomes of it. */
  const afterCounted = (row: LeftRow, aliveAt: number, others: number) => {
    const step = openStep.get(row.id);
    const { count: counted, verdict } = afterDeath(
      { deaths: row.deaths, crashes: row.crashes, loneDeaths: row.lone_deaths, loneCrashes: row.lone_crashes },
      { stepMs: step && aliveAt - step.started_at, isAlone: row.suspect === 1 && others === 0 },
      limits,
    );
    count.run({ id: row.id, ...counted, suspect: verdict === 'clear' ? 0 : 1 });
    const outcome: Outcome =
      verdict === 'failed' ? { status: 'failed', fault: recordOf(killsDaemon(counted, step?.name)) } : again;
    return { outcome, facts: { deaths: counted.deaths, runsAlone: verdict === 'suspect' } };
  };

  const settleRow = (row: LeftRow, others: number, hostBootedAt: number): void => {
    // One that was settled before it may have asked this one to end: see rules/run.ts.
    const build = find(row.id) ?? toBuild(row);
    const outcome = settled(build, again);
    const aliveAt = row.alive_at ?? undefined;
    // When another host booted is not known here. Claims from before they had a host are this one's.
    const isBlamed = (row.host ?? host) === host && aliveAt !== undefined && isItsDeath(aliveAt, hostBootedAt);
    if (outcome.status !== 'queued' || !isBlamed) return writeOutcome(build, outcome);
    const counted = afterCounted(row, aliveAt, others);
    writeOutcome(build, counted.outcome, counted.facts);
  };

  const ours = (rows: readonly LeftRow[]): readonly LeftRow[] => {
    const now = clock.now();
    return rows.filter((row) => maySettle({ host: row.host ?? undefined, leaseUntil: row.lease_until }, host, now));
  };

  return {
    leftovers: () => read(() => ours(left.all()).map(({ id }) => id)),
    recover: ({ hostBootedAt = 0 } = {}) =>
      write('power', () => {
        const rows = left.all();
        const settling = ours(rows);
        for (const row of settling) settleRow(row, rows.length - 1, hostBootedAt);
        return settling.map(({ id }) => id);
      }),
  };
};
