import { Fault, recordOf } from '../../base/fault.ts';
import { afterDeath, isItsDeath, type CrashCount, type CrashLimits } from '../rules/crash.ts';
import { maySettle, settled } from '../rules/settle.ts';
import { mayBeTakenUp } from '../rules/take-up.ts';
import type { Outcome } from '../records.ts';
import type { Store } from '../store.ts';
import type { BuildRows } from './build-rows.ts';
import type { Connection } from './connection.ts';
import type { WriteOutcome } from './outcomes.ts';
import { toBuild, type BuildRow } from './rows.ts';

type OpenStep = { readonly name: string; readonly started_at: number };

type LeftRow = BuildRow & { readonly lease_until: number };

const daemonDied = (why: string | undefined) =>
  new Fault(
    'lease_lost',
    `The daemon died while the build ran.${why === undefined ? '' : ` It begins anew, for ${why}.`}`,
  );

const again = (why?: string) =>
  ({ status: 'queued', losesAttempt: false, notBefore: 0, fault: recordOf(daemonDied(why)) }) satisfies Outcome;

const takeUpSql = `
  UPDATE build SET token = :token, lease_until = :leaseUntil, alive_at = :now, claimed_at = :now WHERE id = :id RETURNING *`;

type TakingUp = { readonly id: string; readonly token: string; readonly leaseUntil: number; readonly now: number };

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
// One closure, though long: all of it judges the same rows.
export const makeRecovery = (
  { db, clock, read, write, append }: Connection,
  { find, input }: Pick<BuildRows, 'find' | 'input'>,
  writeOutcome: WriteOutcome,
  { host, limits }: { readonly host: string; readonly limits: CrashLimits },
): Pick<Store, 'leftovers' | 'recover' | 'takeUp'> => {
  const claim = db.prepare<[TakingUp], BuildRow>(takeUpSql);
  const left = db.prepare<[], LeftRow>(`SELECT * FROM build WHERE status IN ('running', 'held') ORDER BY id`);
  const openStep = db.prepare<[string], OpenStep>(
    'SELECT name, started_at FROM build_step WHERE build_id = ? AND ended_at IS NULL ORDER BY seq DESC LIMIT 1',
  );
  const count = db.prepare<[CrashCount & { readonly id: string; readonly suspect: number }]>(`
    UPDATE build
    SET deaths = :deaths, crashes = :crashes, lone_deaths = :loneDeaths, lone_crashes = :loneCrashes, suspect = :suspect
    WHERE id = :id`);

  /** What the death of the daemon means for a build that was run. */
  const judged = (row: LeftRow, aliveAt: number, others: number) => {
    const step = openStep.get(row.id);
    const before = {
      deaths: row.deaths,
      crashes: row.crashes,
      loneDeaths: row.lone_deaths,
      loneCrashes: row.lone_crashes,
    };
    const death = {
      stepMs: step && aliveAt - Math.max(step.started_at, row.claimed_at ?? 0),
      isAlone: row.suspect === 1 && others === 0,
    };
    return { step, ...afterDeath(before, death, limits) };
  };

  /** Counts the death against it; gives what becomes of it. */
  const afterCounted = (row: LeftRow, aliveAt: number, others: number, why: string | undefined) => {
    const { step, count: counted, verdict } = judged(row, aliveAt, others);
    count.run({ id: row.id, ...counted, suspect: verdict === 'clear' ? 0 : 1 });
    const outcome: Outcome =
      verdict === 'failed' ? { status: 'failed', fault: recordOf(killsDaemon(counted, step?.name)) } : again(why);
    return { outcome, facts: { deaths: counted.deaths, runsAlone: verdict === 'suspect' } };
  };

  /** Since when nothing is known of its daemon, where the build may have to do with its end. */
  const diedAt = (row: LeftRow, hostBootedAt: number): number | undefined => {
    const aliveAt = row.alive_at ?? undefined;
    // When another host booted is not known here. Claims from before they had a host are this one's.
    const isBlamed = (row.host ?? host) === host && aliveAt !== undefined && isItsDeath(aliveAt, hostBootedAt);
    return isBlamed ? aliveAt : undefined;
  };

  const settleRow = (row: LeftRow, others: number, hostBootedAt: number, why: string | undefined): void => {
    // One that was settled before it may have asked this one to end: see rules/run.ts.
    const build = find(row.id) ?? toBuild(row);
    const outcome = settled(build, again(why));
    const aliveAt = diedAt(row, hostBootedAt);
    if (outcome.status !== 'queued' || aliveAt === undefined) return writeOutcome(build, outcome);
    const counted = afterCounted(row, aliveAt, others, why);
    writeOutcome(build, counted.outcome, counted.facts);
  };

  const ours = (rows: readonly LeftRow[]): readonly LeftRow[] => {
    const now = clock.now();
    return rows.filter((row) => maySettle({ host: row.host ?? undefined, leaseUntil: row.lease_until }, host, now));
  };

  return {
    leftovers: () => read(() => ours(left.all()).map(({ id }) => id)),
    recover: ({ hostBootedAt = 0, except = [], anew } = {}) =>
      write('power', () => {
        const rows = left.all();
        const settling = ours(rows).filter(({ id }) => !except.includes(id));
        for (const row of settling) settleRow(row, rows.length - 1, hostBootedAt, anew?.get(row.id));
        return settling.map(({ id }) => id);
      }),
    takeUp: ({ id, token, leaseMs, hostBootedAt }) =>
      write('power', () => {
        const rows = left.all();
        const row = ours(rows).find((one) => one.id === id);
        const build = find(id);
        const given = input(id);
        if (row === undefined || build === undefined || given === undefined) return undefined;
        const aliveAt = diedAt(row, hostBootedAt);
        const death = aliveAt === undefined ? undefined : judged(row, aliveAt, rows.length - 1);
        if (!mayBeTakenUp(build, { isSuspect: row.suspect === 1, verdict: death?.verdict })) return undefined;
        if (death !== undefined) count.run({ id, ...death.count, suspect: 0 });
        const now = clock.now();
        const taken = claim.get({ id, token, leaseUntil: now + leaseMs, now });
        const step = openStep.get(id);
        append(id, 'build.taken_up', { attempt: build.attempt, ...(step === undefined ? {} : { step: step.name }) });
        // RETURNING speaks of the row before the event was appended.
        return (
          taken && { build: { ...toBuild(taken), version: taken.version + 1 }, input: given, token, takenUp: true }
        );
      }),
  };
};
