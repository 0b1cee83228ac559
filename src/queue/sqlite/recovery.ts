import { Fault, recordOf } from '../../base/fault.ts';
import { afterDeath, isItsDeath } from '../rules/crash.ts';
import type { CrashCount, CrashLimits } from '../rules/crash.ts';
import { cancelledByClient } from './endings.ts';
import type { Endings } from './endings.ts';
import type { Ledger } from './connection.ts';
import { toBuild } from './rows.ts';
import type { BuildRow } from './rows.ts';
import type { Store } from '../store.ts';

type OpenStep = { readonly name: string; readonly started_at: number };

const daemonDied = new Fault('lease_lost', 'The daemon died while the build ran.');

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
 * crash-policy.ts says that it is the build that kills the daemon.
 */
export const makeRecovery = (
  { db, write }: Ledger,
  { end, requeue }: Endings,
  limits: CrashLimits,
): Pick<Store, 'recover'> => {
  const orphans = db.prepare<[], BuildRow>(`SELECT * FROM build WHERE status IN ('running', 'held') ORDER BY id`);
  const openStep = db.prepare<[string], OpenStep>(
    'SELECT name, started_at FROM build_step WHERE build_id = ? AND ended_at IS NULL ORDER BY seq DESC LIMIT 1',
  );
  const count = db.prepare<[CrashCount & { readonly id: string; readonly suspect: number }]>(`
    UPDATE build
    SET deaths = :deaths, crashes = :crashes, lone_deaths = :loneDeaths, lone_crashes = :loneCrashes, suspect = :suspect
    WHERE id = :id`);

  const again = { losesAttempt: false, notBefore: 0, fault: recordOf(daemonDied) } as const;

  const settle = (row: BuildRow, others: number, hostBootedAt: number): void => {
    const build = toBuild(row);
    if (build.cancelRequested) return end(build, 'cancelled', cancelledByClient());
    if (build.status === 'held') return end(build, 'failed', build.fault);
    const aliveAt = row.alive_at ?? undefined;
    if (aliveAt === undefined || !isItsDeath(aliveAt, hostBootedAt)) return requeue(build, again);
    const step = openStep.get(build.id);
    const { count: counted, verdict } = afterDeath(
      { deaths: row.deaths, crashes: row.crashes, loneDeaths: row.lone_deaths, loneCrashes: row.lone_crashes },
      { stepMs: step && aliveAt - step.started_at, isAlone: build.isSuspect && others === 0 },
      limits,
    );
    count.run({ id: build.id, ...counted, suspect: verdict === 'clear' ? 0 : 1 });
    if (verdict === 'failed') return end(build, 'failed', recordOf(killsDaemon(counted, step?.name)));
    requeue(build, { ...again, facts: { deaths: counted.deaths, runs_alone: verdict === 'suspect' } });
  };
  return {
    recover: ({ hostBootedAt = 0 } = {}) =>
      write('power', () => {
        const rows = orphans.all();
        for (const row of rows) settle(row, rows.length - 1, hostBootedAt);
        return rows.map(({ id }) => id);
      }),
  };
};
