import { closeSync, fdatasync, fdatasyncSync, fstatSync, openSync, realpathSync, statSync } from 'node:fs';
import type { Database } from 'better-sqlite3';

/** The write-ahead log of a database, to be put on the disk beside the event loop. */
export type LogFile = {
  /** Calls back when all that was committed is on the disk, with null, or with what went wrong. */
  readonly sync: (done: (error: unknown) => void) => void;
  /** The same at once; gives null, or what went wrong. */
  readonly syncNow: () => unknown;
  readonly close: () => void;
};

/**
 * Opens the log beside SQLite. It is the database itself that must not be closed in this process, for its locks would go with it
 * (sqlite.org/howtocorrupt.html, 2.2); there are none on the log.
 */
export const openLogFile = ({ name }: Pick<Database, 'name'>): LogFile => {
  // Where the database is a link, the log lies beside what it leads to.
  const path = `${realpathSync(name)}-wal`;
  let opened = openSync(path, 'r+');
  let isBusy = false;
  let isClosed = false;

  // SQLite makes a new log only when no connection is left. What it wrote to another file would not be durable, and no error would tell.
  const current = (): number => {
    const [own, now] = [fstatSync(opened), statSync(path)];
    if (own.ino === now.ino && own.dev === now.dev) return opened;
    closeSync(opened);
    return (opened = openSync(path, 'r+'));
  };
  return {
    sync: (done) => {
      const ended = (error: unknown) => {
        isBusy = false;
        if (isClosed) closeSync(opened);
        done(error);
      };
      isBusy = true;
      try {
        fdatasync(current(), ended);
      } catch (error) {
        setImmediate(ended, error);
      }
    },
    syncNow: () => {
      try {
        fdatasyncSync(current());
        return null;
      } catch (error) {
        return error;
      }
    },
    close: () => {
      if (isClosed) return;
      isClosed = true;
      // Its number could be given to another file while the disk works on this one.
      if (!isBusy) closeSync(opened);
    },
  };
};
