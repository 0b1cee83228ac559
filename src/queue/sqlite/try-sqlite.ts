import Sqlite from 'better-sqlite3';

/** Proves that the compiled part of better-sqlite3 loads: it does not before the first database is opened. */
export const trySqlite = (): void => {
  new Sqlite(':memory:').close();
};
