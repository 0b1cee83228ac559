import { SqliteError, type Database } from 'better-sqlite3';
import type { LogFile } from './log-file.ts';
import { closed, fileFault, storeFault } from './store-fault.ts';

/** How much a commit must outlive: `power` is fsynced, `process` survives a kill -9 but not a power cut. */
export type Outlives = 'power' | 'process';

/** What a piece of work may say about itself while it runs. */
export type WriteNotes = {
  /** A build that it has changed: told to the listeners after the commit. */
  readonly touch: (id: string) => void;
  /** It has overwritten something secret: the write-ahead log is emptied after the commit. */
  readonly forget: () => void;
};

/** Says what has become of a work: committed, unless it was not, or its commit did not reach the disk. */
type Settle = (fault?: unknown) => void;

type Work = {
  readonly outlives: Outlives;
  readonly bytes: number;
  /** Does the work and gives what is to be said when it is committed. */
  readonly attempt: () => Settle;
  readonly reject: (reason: unknown) => void;
};

/** A transaction that is committed, and of which nothing was said yet. */
type Committed = { readonly settles: readonly Settle[]; readonly ids: ReadonlySet<string> };

export type Writer = {
  /**
   * Does the work in a transaction that it may share with others; resolves when that is committed. `bytes` is about how
   * much it writes, where that is much.
   */
  readonly write: <T>(outlives: Outlives, work: () => T, bytes?: number) => Promise<T>;
  readonly notes: WriteNotes;
  /** How many transactions there were. */
  readonly commits: () => number;
  /** Commits what waits, then takes no more. */
  readonly close: () => void;
};

// Another program may have the database for a while: a person at sqlite3(1), a tool that copies it. Nothing is refused for less.
export const usualBusy = { withinMs: 10_000, pauseMs: 25 } as const;

// No work would fare better alone: SQLite has not begun the transaction.
const isBusy = (error: unknown): error is SqliteError =>
  error instanceof SqliteError && error.code.startsWith('SQLITE_BUSY');

// What one transaction writes stands in the write-ahead log before it can be copied from there.
const maxBytes = 2 * 2 ** 20;

/**
 * The one way to write. What arrives in one turn of the event loop becomes one transaction, in its order; each work has a savepoint of
 * its own, so that one that fails does not spoil the others. SQLite commits without an fsync, which would stop the whole daemon: the log
 * is put on the disk beside the event loop, and until then nothing is said of a commit, and what arrives waits for the next. So many
 * requests share one fsync. Others may see meanwhile what a loss of power could still undo.
 * `committed` is called with the ids that the transaction has touched, `onTrouble` with what went
 * wrong after a commit.
 *
 *     idle ── write ──▶ committing ── only `process` ──▶ said ──▶ idle, or committing what has come
 *                        │      ▲ └─── `power` ──▶ syncing ──▶ said
 *    another program has ▼      │ a pause is over
 *           the database: pausing ── for too long ──▶ refused, and each that comes is tried once
 */
// One closure, though long: every part of it is about the one transaction that is on its way.
export const makeWriter = (
  db: Database,
  log: LogFile,
  committed: (ids: ReadonlySet<string>) => void,
  onTrouble: (error: unknown) => void,
  busy: { readonly withinMs: number; readonly pauseMs: number } = usualBusy,
): Writer => {
  let waiting: Work[] = [];
  let isOpen = true;
  let commits = 0;
  let touched = new Set<string>();
  let forgets = false;
  let busySince: number | undefined;
  let pause: NodeJS.Timeout | undefined;

  const empty = db.prepare<[], number>('PRAGMA wal_checkpoint(TRUNCATE)').pluck();
  // The log is not synced with each commit; when it is copied into the database, both are (sqlite.org/pragma.html).
  db.pragma('synchronous = NORMAL');
  let syncing: Committed | undefined;

  // What a reader in another process keeps in the log goes with the next commit, or when the store closes.
  const emptyLog = (): void => {
    try {
      forgets = empty.get() !== 0;
    } catch (error) {
      onTrouble(storeFault(error, db.name));
    }
  };

  const savepoint = db.transaction((attempt: Work['attempt']) => attempt());

  const one = ({ attempt, reject }: Work): Settle => {
    const others = touched;
    touched = new Set();
    try {
      const settle = savepoint(attempt);
      touched.forEach((id) => others.add(id));
      touched = others;
      return settle;
    } catch (error) {
      touched = others;
      // A full disk makes SQLite undo the whole transaction, the others' part too.
      if (!db.inTransaction) throw error;
      return () => reject(storeFault(error, db.name));
    }
  };
  const all = db.transaction((works: readonly Work[]) => works.map(one));

  const tryAll = (works: readonly Work[]): readonly Settle[] => {
    commits++;
    const before = touched;
    touched = new Set(before);
    try {
      return all.immediate(works);
    } catch (error) {
      touched = before;
      if (isBusy(error)) throw error;
      const [first, ...others] = works;
      if (first !== undefined && others.length === 0) return [() => first.reject(storeFault(error, db.name))];
      // Alone, each is told its own fault, and a small one may fit where the large one did not.
      return works.flatMap((work) => tryAll([work]));
    }
  };
  const commit = (works: readonly Work[]): Committed => {
    touched = new Set();
    const settles = tryAll(works);
    const ids = touched;
    if (forgets) emptyLog();
    return { settles, ids };
  };
  const refuse = (works: readonly Work[], error: unknown): Committed => ({
    settles: works.map((work) => () => work.reject(storeFault(error, db.name))),
    ids: new Set(),
  });
  /** Undefined: another program has the database, and the works wait. */
  const commitOrPause = (works: readonly Work[]): Committed | undefined => {
    try {
      const done = commit(works);
      busySince = undefined;
      return done;
    } catch (error) {
      if (!isBusy(error)) throw error;
      busySince ??= performance.now();
      if (performance.now() - busySince >= busy.withinMs) return refuse(works, error);
      waiting = [...works, ...waiting];
      pause = setTimeout(() => {
        pause = undefined;
        flush();
      }, busy.pauseMs);
      return undefined;
    }
  };
  const commitNow = (works: readonly Work[]): Committed => {
    try {
      return commit(works);
    } catch (error) {
      return refuse(works, error);
    }
  };
  const say = ({ settles, ids }: Committed, error: unknown = null): void => {
    const fault = error === null ? undefined : fileFault(storeFault(error, db.name), db.name);
    settles.forEach((settle) => settle(fault));
    if (ids.size > 0) committed(ids);
  };
  /** Those that may share the next transaction, at least one; the others stay. */
  const nextWorks = (): readonly Work[] => {
    let bytes = 0;
    const end = waiting.findIndex((work, at) => (bytes += work.bytes) > maxBytes && at > 0);
    const works = end < 0 ? waiting : waiting.slice(0, end);
    waiting = end < 0 ? [] : waiting.slice(end);
    return works;
  };
  const flush = (): void => {
    if (syncing !== undefined || pause !== undefined || waiting.length === 0) return;
    const works = nextWorks();
    const done = commitOrPause(works);
    if (done === undefined) return;
    if (works.some(({ outlives }) => outlives === 'power')) sync(done);
    else {
      say(done);
      flushSoon();
    }
  };
  const flushSoon = (): void => {
    if (syncing === undefined && waiting.length > 0) setImmediate(flush);
  };
  const sync = (done: Committed): void => {
    syncing = done;
    log.sync((error) => {
      // Closing did it meanwhile.
      if (syncing !== done) return;
      syncing = undefined;
      say(done, error);
      flushSoon();
    });
  };
  return {
    write: (outlives, work, bytes = 0) =>
      new Promise((resolve, refuse) => {
        const reject: Work['reject'] = refuse;
        if (!isOpen) throw closed(db.name);
        const attempt = (): Settle => {
          const value = work();
          return (fault) => (fault === undefined ? resolve(value) : reject(fault));
        };
        if (waiting.push({ outlives, bytes, attempt, reject }) === 1) flushSoon();
      }),
    notes: {
      touch: (id) => {
        touched.add(id);
      },
      forget: () => {
        forgets = true;
      },
    },
    commits: () => commits,
    close: () => {
      isOpen = false;
      const left = syncing === undefined ? [] : [syncing];
      syncing = undefined;
      clearTimeout(pause);
      while (waiting.length > 0) left.push(commitNow(nextWorks()));
      const error = left.length === 0 ? null : log.syncNow();
      left.forEach((done) => say(done, error));
      log.close();
    },
  };
};
