import { Fault, recordOf } from '../fault.ts';
import { cancelledByClient, makeEndings } from './endings.ts';
import type { Ledger } from './ledger.ts';
import { toBuild } from './rows.ts';
import type { BuildRow } from './rows.ts';
import type { Store } from './types.ts';

const daemonDied = new Fault('lease_lost', 'The daemon died while the build ran.');

const poisonous = (crashes: number) =>
  new Fault('machine_crashed', `The daemon died ${crashes} times while this build ran, so it is not run again.`, {
    crashes,
  });

/**
 * Settles what an earlier daemon left running, before this one claims anything. A build gets its attempt back, but
 * one that saw `crashesMost` daemons die is not run again, so that no build can kill the daemon for ever.
 */
export const makeRecovery = (ledger: Ledger, crashesMost: number): Pick<Store, 'recover'> => {
  const { db, write } = ledger;
  const { end, requeue } = makeEndings(ledger);
  const orphans = db.prepare<[], BuildRow>(`SELECT * FROM build WHERE status IN ('running', 'held') ORDER BY id`);

  const settle = (row: BuildRow): string => {
    const build = toBuild(row);
    const crashes = row.crashes + 1;
    if (build.cancelRequested) end(build, 'cancelled', cancelledByClient());
    else if (build.status === 'held') end(build, 'failed', build.fault);
    else if (crashes >= crashesMost) end(build, 'failed', recordOf(poisonous(crashes)));
    else requeue(build, { losesAttempt: false, notBefore: 0, fault: recordOf(daemonDied), crashed: true });
    return build.id;
  };
  return { recover: () => write('power', () => orphans.all().map(settle)) };
};
