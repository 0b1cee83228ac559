/**
 * Whether a database belongs to the folders beside it. The sweep clears away the folders of builds that the database does
 * not know, so one that was lost and made anew would have all artifacts cleared away.
 *
 * The database has an id since 0002_store_id.sql, and data_dir/store-id has the same. That one vouches for the database,
 * also for one from a backup that is older than all builds. Without it (the version before had none), or when it differs,
 * one of the builds must be known to both.
 */

import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import type { Database } from 'better-sqlite3';
import { isErrno } from '../../base/errno.ts';
import { Fault } from '../../base/fault.ts';

/** What lies beside a database. */
export type StorePlace = {
  readonly idFile: string;
  /** The folders of builds, and the ids of those that are there. */
  readonly buildsFolder: string;
  readonly builds: readonly string[];
  /** The same of contexts. */
  readonly contextsFolder: string;
  readonly contexts: readonly string[];
};

/** What is known of a database before it is used. */
export type SeenStore = {
  /** Missing, empty, or without tables of ours. */
  readonly isNew: boolean;
  readonly id: string | undefined;
  readonly idBeside: string | undefined;
  /** Whether it knows one of the builds beside it. */
  readonly knowsOne: boolean;
};

/** Why a database must not be used with what lies beside it; undefined when it may. */
export const whyForeign = (
  { isNew, id, idBeside, knowsOne }: SeenStore,
  { buildsFolder, builds, contextsFolder, contexts }: StorePlace,
): string | undefined => {
  if (isNew) {
    const found = [
      ...(builds.length > 0 ? [`${buildsFolder} has the folders of ${builds.length} builds`] : []),
      ...(contexts.length > 0 ? [`${contextsFolder} has ${contexts.length} contexts`] : []),
    ];
    if (found.length === 0) return undefined;
    return (
      `is missing or empty, but ${found.join(' and ')}. Restore the database from its backup; ` +
      `or, to begin anew, move ${buildsFolder} and ${contextsFolder} away.`
    );
  }
  const isVouchedFor = id !== undefined && id === idBeside;
  if (isVouchedFor || knowsOne || builds.length === 0) return undefined;
  return (
    `knows none of the ${builds.length} builds in ${buildsFolder}: it was made anew, or belongs to another data_dir. ` +
    `Restore the right one from its backup; or, to go on with this one, move ${buildsFolder} away.`
  );
};

const readId = (file: string): string | undefined => {
  try {
    return /^([0-9a-f]{32})\n?$/.exec(readFileSync(file, 'latin1'))?.[1];
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
};

/** Whole or not at all; what a crash leaves is written over the next time. Not `writeWhole`: a store opens without waiting, as SQLite does. */
const writeId = (file: string, id: string): void => {
  const aside = `${file}.new`;
  const descriptor = openSync(aside, 'w', 0o640);
  try {
    writeSync(descriptor, `${id}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(aside, file);
};

const hasTable = (db: Database, name: string): boolean =>
  db.prepare(`SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?`).get(name) !== undefined;

const idOf = (db: Database): string | undefined =>
  hasTable(db, 'store') ? db.prepare<[], string>('SELECT id FROM store').pluck().get() : undefined;

const lookInto = (db: Database | undefined, { builds, idFile }: StorePlace): SeenStore => {
  const idBeside = readId(idFile);
  if (!db || !hasTable(db, 'build')) return { isNew: true, id: undefined, idBeside, knowsOne: false };
  const byId = db.prepare<[string]>('SELECT 1 FROM build WHERE id = ?');
  const knowsOne = builds.some((id) => byId.get(id) !== undefined);
  return { isNew: false, id: idOf(db), idBeside, knowsOne };
};

/** Throws `store_unavailable` for a database that must not be used here, before anything of it is changed. */
export const refuseForeign = (file: string, db: Database | undefined, place: StorePlace): void => {
  const why = whyForeign(lookInto(db, place), place);
  if (why !== undefined) throw new Fault('store_unavailable', `The database ${file} ${why}`, { file });
};

/** From now on the folders vouch for this database. */
export const vouchFor = (db: Database, { idFile }: StorePlace): void => {
  const id = idOf(db);
  if (id !== undefined && id !== readId(idFile)) writeId(idFile, id);
};
