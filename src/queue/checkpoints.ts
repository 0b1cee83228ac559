import type { Database } from 'better-sqlite3';
import type { Clock } from '../clock.ts';
import { storeFault } from './store-fault.ts';

/**
 * The write-ahead log may grow to this many pages (80 MB) before a commit copies it into the database, as SQLite does
 * at 1,000 by default: a copy stops the daemon for some 20 ms, and whoever waits for that commit is told late.
 */
export const mostPages = 20_000;

const lookEveryMs = 1000;

/** Copies the log into the database in moments without commits, so that no commit has to. Disposing it stops that. */
export const keepCheckpointed = (
  db: Database,
  clock: Pick<Clock, 'every'>,
  commits: () => number,
  onTrouble: (error: unknown) => void,
): Disposable => {
  let copied = 0;
  let seen = 0;
  return clock.every(lookEveryMs, () => {
    const now = commits();
    const isQuiet = now === seen;
    seen = now;
    if (!isQuiet || now === copied || !db.open) return;
    try {
      db.pragma('wal_checkpoint(PASSIVE)');
      copied = now;
    } catch (error) {
      onTrouble(storeFault(error, db.name));
    }
  });
};
