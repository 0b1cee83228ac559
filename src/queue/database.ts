import { closeSync, openSync } from 'node:fs';
import Sqlite from 'better-sqlite3';
import type { Database } from 'better-sqlite3';
import { Fault } from '../fault.ts';
import { migrate, missing, readMigrations } from './migrate.ts';
import { storeFault } from './store-fault.ts';

/** An open database, and the lock that says that this process alone works on its builds. */
export type Opened = { readonly db: Database; readonly unlock: () => void };

/**
 * Takes the lock: a transaction left open on a second SQLite file, so that the kernel drops it however this process
 * ends. Undefined when another process has it.
 */
const takeLock = (file: string, withinMs: number): (() => void) | undefined => {
  const lock = new Sqlite(`${file}.lock`, { timeout: withinMs });
  try {
    lock.exec('BEGIN EXCLUSIVE');
    return () => lock.close();
  } catch (error) {
    lock.close();
    if (error instanceof Sqlite.SqliteError && error.code === 'SQLITE_BUSY') return undefined;
    throw error;
  }
};

const inUse = (file: string): Fault =>
  new Fault(
    'store_unavailable',
    `The store ${file} is in use by another imaged. Stop that one first, or give this one a state directory of its own.`,
    { file },
  );

const open = (file: string, migrations: URL, shared: boolean): Opened => {
  // Made here rather than by SQLite, because it holds what clients send: for the owner's eyes. SQLite gives the
  // write-ahead log and the lock the same mode only for files that it makes beside this one.
  for (const name of [file, `${file}.lock`]) closeSync(openSync(name, 'a', 0o600));
  // `imaged token add` has the lock for an instant: a daemon that starts just then waits for it.
  const unlock = takeLock(file, shared ? 0 : 1000);
  if (!unlock && !shared) throw inUse(file);
  const db = new Sqlite(file, { timeout: 5000 });
  try {
    db.pragma('journal_mode = WAL');
    db.pragma('trusted_schema = OFF');
    // What is deleted is overwritten: the values of sensitive variables must be gone when their build has ended.
    db.pragma('secure_delete = ON');
    const known = readMigrations(migrations);
    // A running daemon of an older version must not have its tables changed below it.
    if (!unlock && missing(db, known).length > 0) throw inUse(file);
    migrate(db, known);
    if (shared) unlock?.();
    return { db, unlock: () => (shared ? undefined : unlock?.()) };
  } catch (error) {
    db.close();
    unlock?.();
    throw error;
  }
};

/** Opens a database, brings it up to date, and takes its lock unless it is shared. Throws `store_unavailable`, `storage_full`. */
export const openDatabase = (file: string, migrations: URL, shared: boolean): Opened => {
  try {
    return open(file, migrations, shared);
  } catch (error) {
    throw storeFault(error, file);
  }
};
