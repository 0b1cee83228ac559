import type { Database } from 'better-sqlite3';
import type { Encryption } from './encryption.ts';

/** The columns that are encrypted, with the place of a row's value. */
export const places = {
  template: (buildId: string) => `build_input/${buildId}/template`,
  variables: (buildId: string) => `build_input/${buildId}/variables`,
  document: (name: string, version: number) => `template_version/${name}@${version}/document`,
  secret: (name: string) => `secret/${name}/value`,
  webhook: (buildId: string, place: number) => `webhook/${buildId}/${place}/secret`,
  webhookUrl: (buildId: string, place: number) => `webhook/${buildId}/${place}/url`,
  layer: (key: string) => `layer/${key}/facts`,
  schedule: (name: string) => `schedule/${name}/variables`,
} as const;

/** How a value becomes another: from plain to encrypted, or from one key to the next. */
export type ColumnChange = (text: string, place: string) => string;

type Input = { readonly build_id: string; readonly template: string; readonly variables: string };
type Version = { readonly name: string; readonly version: number; readonly document: string };
type Schedule = { readonly name: string; readonly variables: string };
type Webhook = {
  readonly build_id: string;
  readonly place: number;
  readonly url: string;
  readonly secret: string | null;
};
type Layer = { readonly key: string; readonly facts: string };
type Secret = { readonly name: string; readonly value: string };

/** Changes every value of every encrypted column. To be called in a transaction. */
export const changeAll = (db: Database, change: ColumnChange): void => {
  // Ids first: the table must not change below an open cursor.
  const ids = db.prepare<[], string>('SELECT build_id FROM build_input').pluck().all();
  const input = db.prepare<[string], Input>('SELECT build_id, template, variables FROM build_input WHERE build_id = ?');
  const putInput = db.prepare<[string, string, string]>(
    'UPDATE build_input SET template = ?, variables = ? WHERE build_id = ?',
  );
  for (const id of ids) {
    const row = input.get(id);
    if (row) putInput.run(change(row.template, places.template(id)), change(row.variables, places.variables(id)), id);
  }
  const versions = db.prepare<[], Omit<Version, 'document'>>('SELECT name, version FROM template_version').all();
  const document = db
    .prepare<[string, number], string>('SELECT document FROM template_version WHERE name = ? AND version = ?')
    .pluck();
  const putDocument = db.prepare<[string, string, number]>(
    'UPDATE template_version SET document = ? WHERE name = ? AND version = ?',
  );
  for (const { name, version } of versions)
    putDocument.run(change(document.get(name, version) ?? '', places.document(name, version)), name, version);
  const putSecret = db.prepare<[string, string]>('UPDATE secret SET value = ? WHERE name = ?');
  for (const { name, value } of db.prepare<[], Secret>('SELECT name, value FROM secret').all())
    putSecret.run(change(value, places.secret(name)), name);
  const putLayer = db.prepare<[string, string]>('UPDATE layer SET facts = ? WHERE key = ?');
  for (const { key, facts } of db.prepare<[], Layer>('SELECT key, facts FROM layer').all())
    putLayer.run(change(facts, places.layer(key)), key);
  const putSchedule = db.prepare<[string, string]>('UPDATE schedule SET variables = ? WHERE name = ?');
  for (const { name, variables } of db.prepare<[], Schedule>('SELECT name, variables FROM schedule').all())
    putSchedule.run(change(variables, places.schedule(name)), name);
  const putWebhook = db.prepare<[string, string | null, string, number]>(
    'UPDATE webhook SET url = ?, secret = ? WHERE build_id = ? AND place = ?',
  );
  const webhooks = db.prepare<[], Webhook>('SELECT build_id, place, url, secret FROM webhook');
  for (const { build_id: id, place, url, secret } of webhooks.all()) {
    const changed = secret === null ? null : change(secret, places.webhook(id, place));
    putWebhook.run(change(url, places.webhookUrl(id, place)), changed, id, place);
  }
};

/** The digests of requests that the version before has kept, over values that may be easy to guess. */
export const macDigests = (db: Database, { mac }: Encryption): void => {
  const put = db.prepare<[string, string, string]>('UPDATE idempotency SET digest = ? WHERE owner = ? AND key = ?');
  const all = db.prepare<[], { readonly owner: string; readonly key: string; readonly digest: string }>(
    'SELECT owner, key, digest FROM idempotency',
  );
  for (const { owner, key, digest } of all.all()) put.run(mac(digest), owner, key);
};
