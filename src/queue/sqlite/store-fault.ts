import { SqliteError } from 'better-sqlite3';
import { asFault, Fault } from '../../base/fault.ts';

// SQLite's primary result codes that speak of the file and its disk, not of what was asked (sqlite.org/rescode.html).
const ofTheFile = /^SQLITE_(BUSY|LOCKED|IOERR|CORRUPT|CANTOPEN|READONLY|NOTADB|NOMEM|PROTOCOL)/;

// What looking at the file would not mend.
const isDamaged = /^SQLITE_(CORRUPT|NOTADB)/;

const checkIt = 'Check the file, its owner and its disk';

export const closed = (file: string): Fault =>
  new Fault('store_unavailable', `The store ${file} is closed: the daemon is stopping.`, { file });

/** What the system said of a file of the store, as a Fault; anything else stays what it is. */
export const fileFault = (error: unknown, file: string): unknown => {
  const fault = asFault(error);
  if (fault.code !== 'internal' || !(error instanceof Error && 'syscall' in error)) return fault;
  return new Fault(
    'store_unavailable',
    `The store ${file} could not be used: ${error.message}. ${checkIt}.`,
    { file },
    { cause: error },
  );
};

/** What SQLite threw as a Fault where the disk or the file is to blame; a Fault or a defect stays what it is. */
export const storeFault = (error: unknown, file: string): unknown => {
  if (!(error instanceof SqliteError)) return error;
  const facts = { file, sqlite: error.code };
  if (error.code === 'SQLITE_FULL')
    return new Fault(
      'storage_full',
      `The store ${file} could not be written: the disk is full. Free some space, then try again.`,
      facts,
      { cause: error },
    );
  if (ofTheFile.test(error.code))
    return new Fault(
      'store_unavailable',
      `The store ${file} could not be used: ${error.message} (${error.code}). ${isDamaged.test(error.code) ? 'Restore it from its backup, beside what belongs to it (docs/operating.md)' : checkIt}.`,
      facts,
      { cause: error },
    );
  return error;
};
