import type { Database } from 'better-sqlite3';
import type { Clock } from '../../base/clock.ts';
import { closed, storeFault } from './store-fault.ts';

/** How much a commit must outlive: `power` is fsynced, `process` survives a kill -9 but not a power cut. */
export type Outlives = 'power' | 'process';

/** What a piece of work may say about itself while it runs. */
export type Notes = {
  /** A build that it has changed: told to the listeners after the commit. */
  readonly touch: (id: string) => void;
  /** It has overwritten something secret: the write-ahead log is emptied after the commit. */
  readonly forget: () => void;
};

type Work = {
  readonly outlives: Outlives;
  readonly bytes: number;
  /** Does the work and gives what is to be said when it is committed. */
  readonly attempt: () => () => void;
  readonly reject: (reason: unknown) => void;
};

export type Writer = {
  /**
   * Does the work in a transaction that it may share with others; resolves when that is committed. `bytes` is about how
   * much it writes, where that is much.
   */
  readonly write: <T>(outlives: Outlives, work: () => T, bytes?: number) => Promise<T>;
  readonly notes: Notes;
  /** How many transactions there were. */
  readonly commits: () => number;
  /** Commits what waits, then takes no more. */
  readonly close: () => void;
};

// What one transaction writes stands in the write-ahead log before it can be copied from there.
const maxBytes = 2 * 2 ** 20;

// However slow the disk, nobody waits longer than this for others to come along.
const longestRestMs = 10;

/**
 * The one way to write. What arrives in one turn of the event loop becomes one transaction, in its order, so that many
 * requests share one fsync; each has a savepoint of its own, so that one that fails does not spoil the others. After a
 * commit the writer rests as long as that took: while one stops the whole daemon, the requests that are on their way
 * to the next get nowhere, and each turn of the event loop would pay an fsync for one or two of them.
 * `committed` is called with the ids that the transaction has touched, `onTrouble` with what went
 * wrong after a commit.
 */
// One closure, though long: every part of it is about the one transaction that is on its way.
export const makeWriter = (
  db: Database,
  clock: Pick<Clock, 'elapsed' | 'sleep'>,
  committed: (ids: ReadonlySet<string>) => void,
  onTrouble: (error: unknown) => void,
): Writer => {
  let waiting: Work[] = [];
  let isOpen = true;
  let restsUntil = 0;
  let commits = 0;
  let touched = new Set<string>();
  let forgets = false;

  const empty = db.prepare<[], number>('PRAGMA wal_checkpoint(TRUNCATE)').pluck();
  let level: 'FULL' | 'NORMAL' | undefined;
  // SQLite does this one while it is prepared, so that it cannot be prepared once for all (sqlite.org/pragma.html).
  const setLevel = (wanted: 'FULL' | 'NORMAL'): void => {
    if (wanted !== level) db.exec(`PRAGMA synchronous = ${wanted}`);
    level = wanted;
  };

  // What a reader in another process keeps in the log goes with the next commit, or when the store closes.
  const emptyLog = (): void => {
    try {
      forgets = empty.get() !== 0;
    } catch (error) {
      onTrouble(storeFault(error, db.name));
    }
  };

  const savepoint = db.transaction((attempt: Work['attempt']) => attempt());

  const one = ({ attempt, reject }: Work): (() => void) => {
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

  const tryAll = (works: readonly Work[]): (() => void) => {
    touched = new Set();
    try {
      setLevel(works.some(({ outlives }) => outlives === 'power') ? 'FULL' : 'NORMAL');
      const settles = all.immediate(works);
      return () => settles.forEach((settle) => settle());
    } catch (error) {
      touched = new Set();
      const [first, ...others] = works;
      if (others.length === 0) return () => first?.reject(storeFault(error, db.name));
      // Alone, each is told its own fault, and a small one may fit where the large one did not.
      return () => works.forEach((work) => commit([work]));
    }
  };
  const commit = (works: readonly Work[]): void => {
    commits++;
    const settle = tryAll(works);
    const ids = touched;
    if (forgets) emptyLog();
    settle();
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
    if (waiting.length === 0) return;
    const began = clock.elapsed();
    commit(nextWorks());
    if (waiting.length > 0) return void setImmediate(flush);
    const ended = clock.elapsed();
    restsUntil = ended + Math.min(ended - began, longestRestMs);
  };
  const flushSoon = (): void => {
    const restMs = restsUntil - clock.elapsed();
    if (restMs <= 0) setImmediate(flush);
    else void clock.sleep(restMs, new AbortController().signal).then(flush);
  };

  return {
    write: (outlives, work, bytes = 0) =>
      new Promise((resolve, reject) => {
        if (!isOpen) throw closed(db.name);
        const attempt = () => {
          const value = work();
          return () => resolve(value);
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
      while (waiting.length > 0) commit(nextWorks());
    },
  };
};
