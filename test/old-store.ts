/** A store as imaged 0.1.0 left it behind: made by its own migrations, with a build of each status. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import Sqlite from 'better-sqlite3';
import type { Database } from 'better-sqlite3';
import { Status } from '../src/base/records/status.ts';
import { migrate, readMigrations } from '../src/queue/sqlite/migrate.ts';
import { migrations } from './store-shop.ts';

// The migrations that 0.1.0 came with.
const then = 3;

/** The id of the build that is called so, such as its status. */
export const idOf = (name: string): string =>
  `01ARZ3NDEKTSV4RRFFQ6${name
    .toUpperCase()
    .replaceAll(/[ILOU]/g, 'X')
    .padEnd(6, '0')
    .slice(0, 6)}`;

/** Why those that ended badly did. */
export const fault = JSON.stringify({
  code: 'guest_panicked',
  class: 'guest',
  title: 't',
  message: 'm',
  retryable: false,
});

/** The columns in which a build of one status differs from a queued one. */
const columnsOf: Readonly<Record<Status, Readonly<Record<string, string | number>>>> = {
  queued: { attempts_left: 3 },
  running: {
    phase: 'booting',
    token: 'r',
    lease_until: 60_000,
    slot: 0,
    alive_at: 1000,
    deaths: 2,
    crashes: 2,
    suspect: 1,
  },
  held: { phase: 'provisioning', token: 'h', lease_until: 60_000, slot: 1, fault, hold_until: 9000, hold_ssh: 'ssh x' },
  succeeded: { ended_at: 5000 },
  failed: { ended_at: 6000, fault },
  cancelled: { ended_at: 7000, fault, cancel_requested: 1 },
};

const insertInto = (db: Database, table: string, row: Readonly<Record<string, string | number | Buffer>>): void => {
  const names = Object.keys(row);
  const places = names.map((name) => `:${name}`);
  db.prepare(`INSERT INTO ${table} (${names.join(', ')}) VALUES (${places.join(', ')})`).run(row);
};

const fillBuild = (db: Database, name: string, columns: Readonly<Record<string, string | number>>): void => {
  const build_id = idOf(name);
  const ran = columns['status'] === 'queued' ? {} : { attempt: 2, started_at: 1000 };
  insertInto(db, 'build', {
    ...{ id: build_id, template_name: 'openbsd', template_version: 3, labels: '{"team":"infra"}', priority: 4 },
    ...{ timeout_ms: 60_000, on_error: 'hold', context_id: 'c1', memory_mb: 512, disk_mb: 2048 },
    ...{ sensitive: '["password"]', attempts_left: 1, created_at: 500, ...ran, ...columns },
  });
  insertInto(db, 'build_input', {
    ...{ build_id, template: '{"name":"openbsd"}', variables: '{"release":"7.9"}' },
    plan: '[{"name":"boot","phase":"booting","timeoutMs":1000}]',
  });
  insertInto(db, 'build_label', { key: 'team', value: 'infra', build_id });
  insertInto(db, 'build_event', { build_id, seq: 1, at: 500, type: 'build.queued', data: '{"template":"openbsd"}' });
  insertInto(db, 'build_event', { build_id, seq: 2, at: 600, type: 'note', data: '{}' });
  if (columns['status'] === 'queued') return;
  const step = { build_id, attempt: 2, started_at: 1000 };
  insertInto(db, 'build_step', { ...step, seq: 1, name: 'boot', phase: 'booting', ended_at: 2000 });
  insertInto(db, 'build_step', { ...step, seq: 2, name: 'finish', phase: 'publishing', ended_at: 2500 });
};

/** Of the secret of its token. */
export const hash = createHash('sha256').update('secret').digest();

const fill = (db: Database): void => {
  for (const status of Status.options) fillBuild(db, status, { status, ...columnsOf[status] });
  // In its pause: it has run, waits, and is cancelled then.
  fillBuild(db, 'paused', { status: 'cancelled', ended_at: 8000, fault });
  const artifact = { format: 'qcow2', size: 4096, sha256: 'ab'.repeat(32) };
  insertInto(db, 'artifact', { build_id: idOf('succeeded'), seq: 1, name: 'disk.qcow2', ...artifact });
  insertInto(db, 'idempotency', { owner: 'alice', key: 'k', digest: 'd', build_id: idOf('failed') });
  insertInto(db, 'template_version', {
    ...{ name: 'openbsd', version: 3, digest: 'd3', document: '{"name":"openbsd"}', context_id: 'c1', created_at: 1 },
  });
  insertInto(db, 'token', { id: 't1', name: 'ci', scopes: '["builds:read"]', hash, created_at: 1 });
};

/** Makes the store in `file`; the build that is queued in it has this template. Gives the tables, indexes and triggers. */
export const makeOldStore = (
  file: string,
  queued?: { readonly template: object; readonly variables: object },
): readonly unknown[] => {
  const db = new Sqlite(file);
  assert.equal(migrate(db, readMigrations(migrations).slice(0, then)), then);
  fill(db);
  if (queued !== undefined)
    db.prepare('UPDATE build_input SET template = ?, variables = ? WHERE build_id = ?').run(
      JSON.stringify(queued.template),
      JSON.stringify(queued.variables),
      idOf('queued'),
    );
  const schema = db.prepare(`SELECT type, name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name`);
  const objects = schema.all();
  db.close();
  return objects;
};
