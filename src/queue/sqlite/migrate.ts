import { readFileSync, readdirSync } from 'node:fs';
import type { Database } from 'better-sqlite3';
import { Fault } from '../../base/fault.ts';

export type Migration = { readonly number: number; readonly name: string; readonly sql: string };

const fileName = /^([0-9]{4})_[a-z0-9_]+\.sql$/;

/** The migrations in a folder, by number. Throws where a number is missing or used twice: they only ever go forward. */
export const readMigrations = (folder: URL): readonly Migration[] => {
  const names = readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .sort();
  return names.map((name, at) => {
    const number = Number(fileName.exec(name)?.[1]);
    if (number !== at + 1)
      throw new Fault(
        'store_unavailable',
        `Migration ${name} stands where number ${at + 1} was expected: files are named 0001_what.sql, without a gap.`,
      );
    return { number, name, sql: readFileSync(new URL(name, `${folder.href.replace(/\/$/, '')}/`), 'utf8') };
  });
};

const versionOf = (db: Database): number => Number(db.pragma('user_version', { simple: true }));

/** The migrations that a database lacks. Throws `store_unavailable` for one that a newer imaged has written. */
export const missing = (db: Database, migrations: readonly Migration[]): readonly Migration[] => {
  const version = versionOf(db);
  if (version > migrations.length)
    throw new Fault(
      'store_unavailable',
      `The store ${db.name} has version ${version}, and this imaged knows up to ${migrations.length}. ` +
        'Run the newer imaged that wrote it; a store never goes back.',
      { version, known: migrations.length },
    );
  return migrations.slice(version);
};

/**
 * Brings a database up to date and gives its version. Each migration and its number are one transaction: after a crash
 * the database stands between two of them, never within one.
 */
export const migrate = (db: Database, migrations: readonly Migration[]): number => {
  // A migration may have to rebuild a table that others refer to (sqlite.org/lang_altertable.html, 12 steps).
  db.pragma('foreign_keys = OFF');
  const apply = db.transaction(({ number, name, sql }: Migration) => {
    if (versionOf(db) >= number) return;
    db.exec(sql);
    const orphans = db.pragma('foreign_key_check');
    if (Array.isArray(orphans) && orphans.length > 0)
      throw new Fault('store_unavailable', `Migration ${name} leaves ${orphans.length} rows that refer to nothing.`);
    db.pragma(`user_version = ${number}`);
  });
  for (const migration of missing(db, migrations)) apply.immediate(migration);
  db.pragma('foreign_keys = ON');
  return versionOf(db);
};
