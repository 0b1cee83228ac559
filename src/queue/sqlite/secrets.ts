import { bounds } from '../../base/bounds.ts';
import { Fault } from '../../base/fault.ts';
import type { HostSecret, MayUse } from '../../base/records/host-secret.ts';
import type { Store } from '../store.ts';
import type { BuildRows } from './build-rows.ts';
import type { Connection } from './connection.ts';
import { places } from './encryption/columns.ts';
import { parsed } from './rows.ts';

type Row = {
  readonly name: string;
  readonly version: number;
  readonly value: string;
  readonly may_use: string;
  readonly created_at: number;
  readonly changed_at: number;
};

const toSecret = ({ name, version, may_use, created_at, changed_at }: Row): HostSecret => ({
  ...{ name, version },
  mayUse: parsed<MayUse>(may_use),
  ...{ createdAt: created_at, changedAt: changed_at },
});

const full = (): Fault =>
  new Fault('secrets_full', `This host keeps ${bounds.hostSecrets} secrets at most. Delete one, or give one that is there another value.`); // prettier-ignore

const statementsOf = (db: Connection['db']) => {
  const find = db.prepare<[string], Row>('SELECT * FROM secret WHERE name = ?');
  const all = db.prepare<[], Row>('SELECT * FROM secret ORDER BY name');
  const count = db.prepare<[], number>('SELECT count(*) FROM secret').pluck();
  const newestUsed = db.prepare<[string], number>('SELECT coalesce(max(version), 0) FROM build_secret WHERE name = ?').pluck(); // prettier-ignore
  const put = db.prepare<[Row]>(`
    INSERT OR REPLACE INTO secret (name, version, value, may_use, created_at, changed_at)
    VALUES (:name, :version, :value, :may_use, :created_at, :changed_at)`);
  const remove = db.prepare<[string]>('DELETE FROM secret WHERE name = ?');
  const use = db.prepare<[string, string, number]>(
    'INSERT OR IGNORE INTO build_secret (build_id, name, version) VALUES (?, ?, ?)',
  );
  const usedBy = db
    .prepare<[string, number], string>(
      `SELECT DISTINCT template_name FROM build_secret JOIN build ON build.id = build_secret.build_id
       WHERE name = ? ORDER BY template_name LIMIT ?`,
    )
    .pluck();
  return { find, all, count, newestUsed, put, remove, use, usedBy };
};

/** Secrets of the host by name, and which builds have used them. */
export const makeSecrets = (
  { db, clock, read, write, append, forget, encryption }: Connection,
  { claimed }: BuildRows,
): Pick<Store, 'putSecret' | 'secret' | 'secrets' | 'removeSecret' | 'secretsUsed'> => {
  const { find, all, count, newestUsed, put, remove, use, usedBy } = statementsOf(db);
  const valueOf = ({ name, value }: Row): string => encryption.decrypt<string>(value, places.secret(name));
  const told = (row: Row) => ({ ...toSecret(row), usedBy: usedBy.all(row.name, bounds.secretUsers) });

  return {
    putSecret: (name, value, mayUse) =>
      write('power', () => {
        const before = find.get(name);
        if (before === undefined && (count.get() ?? 0) >= bounds.hostSecrets) throw full();
        const isSame = before !== undefined && valueOf(before) === value;
        const row = {
          name,
          version: isSame ? before.version : Math.max(before?.version ?? 0, newestUsed.get(name) ?? 0) + 1,
          value: isSame ? before.value : encryption.encrypt(value, places.secret(name)),
          may_use: JSON.stringify(mayUse),
          created_at: before?.created_at ?? clock.now(),
          changed_at: clock.now(),
        };
        put.run(row);
        if (!isSame) forget();
        return { secret: told(row), created: before === undefined };
      }),
    secret: (name) =>
      read(() => {
        const row = find.get(name);
        return row && { ...toSecret(row), value: valueOf(row) };
      }),
    secrets: () => read(() => all.all().map(told)),
    removeSecret: (name) =>
      write('power', () => {
        forget();
        return remove.run(name).changes > 0;
      }),
    secretsUsed: (id, token, used) =>
      write('process', () => {
        claimed(id, token);
        for (const { name, version } of used) use.run(id, name, version);
        append(id, 'secrets.used', { secrets: used.map(({ name, version }) => ({ name, version })) });
      }),
  };
};
