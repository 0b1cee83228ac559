import type { Clock } from '../../base/clock.ts';
import { top } from '../../base/package.ts';
import { makeBuildRows } from './build-rows.ts';
import { makeRemoval } from './bases.ts';
import { makeBuilds } from './builds.ts';
import { makeCounts } from './counts.ts';
import { makeClaims } from './claims.ts';
import { openDatabase } from './database.ts';
import { crashLimits } from '../rules/crash.ts';
import type { CrashLimits } from '../rules/crash.ts';
import { makeExpiry } from './keeping/expiry.ts';
import { makePins } from './keeping/pins.ts';
import { makeHistory } from './history.ts';
import { makeConnection } from './connection.ts';
import { keepCheckpointed } from './checkpoints.ts';
import { openLogFile } from './log-file.ts';
import { makeListeners } from './listeners.ts';
import { makeListing } from './listing.ts';
import { makeQueue, makeQueueRows } from './queue-rows.ts';
import { makeRecovery } from './recovery.ts';
import { makeCheck } from './check.ts';
import { makeEndings, makeEnds } from './ends.ts';
import { makeRunRows } from './runs/run-rows.ts';
import { makeRuns } from './runs/make-runs.ts';
import { makeAccept } from './accept.ts';
import { makeFrozen } from './again/frozen.ts';
import { makeResume } from './again/resume.ts';
import { makeAccess } from './access/access.ts';
import { makeDeliveries } from './notify/deliveries.ts';
import { makeOutbox, type Tell } from './notify/outbox.ts';
import { makeKeys } from './keys.ts';
import { makeLayers } from './layers/layers.ts';
import { makeSecrets } from './secrets.ts';
import { makeSchedules } from './schedules/schedules.ts';
import { makeCountEnd } from './statistics/count-ends.ts';
import { makeRecentTimes } from './statistics/recent-times.ts';
import { makeStatistics } from './statistics/statistics.ts';
import { makeSteps } from './steps.ts';
import { storeFault } from './store-fault.ts';
import type { StorePlace } from './store-identity.ts';
import { makeTemplates } from './templates.ts';
import type { Store, StoreLimits } from '../store.ts';
import { makeWriter } from './writer.ts';

/** They lie at the top of the package, beside the compiled program and not in it. */
export const migrations = new URL('migrations/', top);

export const storeLimits: StoreLimits = { queued: 10_000, templates: 1_000, templateVersions: 100, pins: 100 };

export type StoreOptions = {
  readonly file: string;
  /** The folder of the migrations, which lies beside the compiled program and not in it. */
  readonly migrations: URL;
  readonly clock: Clock;
  /** With the key that what is secret is encrypted with; made where there is none. Default: the database's name and `.key`. */
  readonly keyFile?: string;
  /** The name of this host, which every claim carries. Default: `localhost`. */
  readonly host?: string;
  readonly log?: { readonly warn: (facts: object, message: string) => void };
  /** Beside a running daemon, without its lock: for tokens and for reading. Default: false. */
  readonly shared?: boolean;
  /** What lies beside the database and has to belong to it. Without it that is not asked. */
  readonly place?: StorePlace;
  /** How often a build is run in all before an infra fault is final. Default: 3. */
  readonly attempts?: number;
  /** Default: `storeLimits`. */
  readonly limits?: StoreLimits;
  /** What webhooks are told of an event. Without it they are told nothing. */
  readonly tell?: Tell;
  /** What deaths of the daemon mean for a build. Default: `crashLimits`. */
  readonly crashes?: CrashLimits;
};

/** `close` tells of what goes wrong, and lets the lock go all the same. */
const openClosing = (ask: Parameters<typeof openDatabase>[0], onTrouble: (error: unknown) => void) => {
  const { db, encryption, unlock } = openDatabase(ask);
  const close = () => {
    try {
      db.close();
    } catch (error) {
      onTrouble(storeFault(error, ask.file));
    }
    unlock();
  };
  return { db, encryption, close };
};

/**
 * Opens the store, made new or brought up to date. Throws `store_unavailable` (in use, newer than this program, not
 * readable, foreign to what lies beside it) or `storage_full`.
 */
// One function, though long: every room of the store, in the order in which they need each other.
export const openStore = async (options: StoreOptions): Promise<Store> => {
  const {
    file,
    migrations,
    clock,
    log,
    place,
    keyFile = `${file}.key`,
    host = 'localhost',
    shared = false,
    attempts = 3,
    limits = storeLimits,
    crashes = crashLimits,
    tell,
  } = options;
  const onTrouble = (error: unknown) => log?.warn({ err: error }, 'trouble after a commit of the store');
  const { db, encryption, close } = openClosing({ file, migrations, keyFile, shared, place }, onTrouble);
  const listeners = makeListeners(onTrouble);
  const writer = makeWriter(db, openLogFile(db), listeners.tell, onTrouble);
  const checkpoints = keepCheckpointed(db, clock, writer.commits, onTrouble);
  const outbox = makeOutbox({ db, clock, encryption }, tell);
  const connection = makeConnection({ db, encryption }, clock, writer, outbox);
  const rows = makeBuildRows(connection);
  const queue = makeQueueRows(connection);
  const runRows = makeRunRows(connection);
  const accept = makeAccept(connection, attempts, limits, outbox);
  const keys = makeKeys(connection);
  const { renew, ...recentTimes } = makeRecentTimes(connection, host);
  const endings = makeEndings(connection, runRows, makeCountEnd(connection, renew));

  return {
    ...makeBuilds(connection, rows, { accept, keys, outbox }),
    ...makeRuns(connection, runRows, { accept, keys, writeCancel: endings.writeCancel }),
    ...makeCounts(connection),
    ...makeListing(connection),
    ...makeQueue(connection, rows, queue),
    ...makeClaims(connection, rows, queue, host),
    ...makeSteps(connection, rows),
    ...makeEnds(connection, rows, endings),
    ...makeFrozen(connection, rows),
    ...makeResume(connection, rows),
    ...makeRecovery(connection, rows, endings.writeOutcome, { host, limits: crashes }),
    ...makeHistory(connection),
    ...makeExpiry(connection),
    ...makePins(connection, rows, limits),
    ...makeRemoval(connection),
    ...makeTemplates(connection, limits),
    ...makeSecrets(connection, rows),
    ...makeAccess(connection),
    ...makeDeliveries(connection, outbox),
    ...makeSchedules(connection),
    layers: makeLayers(connection),
    ...recentTimes,
    ...makeStatistics(connection),
    ...makeCheck(connection, file),
    onChange: listeners.on,
    [Symbol.asyncDispose]: async () => {
      checkpoints[Symbol.dispose]();
      writer.close();
      close();
    },
  };
};
