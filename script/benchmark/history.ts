/** A store as it is after months: builds that have ended, with what belongs to each, written in one go. */

import Sqlite from 'better-sqlite3';
import { monotonicFactory } from 'ulid';

const template = JSON.stringify({ name: 'cycle', machine: { memory: '128M' }, variables: {} });
const plan = JSON.stringify([{ name: 'install', phase: 'installing', timeoutMs: 1000 }]);

/** Adds `builds` ended builds to the store, which nobody else has open; gives their ids. */
export const addHistory = (file: string, builds: number): readonly string[] => {
  const ulid = monotonicFactory();
  const ids = Array.from({ length: builds }, () => ulid());
  using raw = { db: new Sqlite(file), [Symbol.dispose]: () => void raw.db.close() };
  const { db } = raw;
  const build = db.prepare(`
    INSERT INTO build (id, template_name, labels, priority, timeout_ms, on_error, memory_mb, disk_mb, sensitive, status,
                       attempt, attempts_left, created_at, started_at, ended_at, fault)
    VALUES (?, ?, '{"ci":"x"}', 0, 60000, 'cleanup', 128, 32, '[]', ?, 1, 2, ?, ?, ?, ?)`);
  const input = db.prepare(`INSERT INTO build_input (build_id, template, variables, plan) VALUES (?, ?, '{}', ?)`);
  const label = db.prepare(`INSERT INTO build_label (key, value, build_id) VALUES ('ci', 'x', ?)`);
  const event = db.prepare(`INSERT INTO build_event VALUES (?, ?, ?, ?, '{}')`);
  const artifact = db.prepare(`INSERT INTO artifact VALUES (?, 1, 'cycle.raw', 'raw', 16777216, ?)`);
  const fault = JSON.stringify({
    code: 'step_timeout',
    class: 'timeout',
    message: 'The step took too long.',
    retryable: false,
  });
  const now = Date.now();
  db.transaction(() => {
    ids.forEach((id, at) => {
      const failed = at % 3 === 0;
      const status = failed ? 'failed' : 'succeeded';
      build.run(id, at % 2 ? 'base' : 'web', status, now, now, now, failed ? fault : null);
      input.run(id, template, plan);
      label.run(id);
      ['build.queued', 'build.running', `build.${status}`].forEach((type, seq) => event.run(id, seq + 1, now, type));
      if (!failed) artifact.run(id, 'ab'.repeat(32));
    });
  })();
  return ids;
};
