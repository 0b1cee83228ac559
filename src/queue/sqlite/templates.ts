import { Fault } from '../../base/fault.ts';
import type { Connection } from './connection.ts';
import { places } from './encryption/columns.ts';
import type { Encryption } from './encryption/encryption.ts';
import type { Page, PageAsk, TemplateVersion } from '../records.ts';
import type { Store, StoreLimits } from '../store.ts';

type Row = {
  readonly name: string;
  readonly version: number;
  readonly digest: string;
  readonly document: string;
  readonly context_id: string | null;
  readonly created_at: number;
};

const toTemplate = (
  { name, version, digest, document, context_id, created_at }: Row,
  encryption: Encryption,
): TemplateVersion => ({
  name,
  version,
  digest,
  document: encryption.decrypt<unknown>(document, places.document(name, version)),
  ...(context_id === null ? {} : { contextId: context_id }),
  createdAt: created_at,
});

const pageOf = (
  rows: readonly Row[],
  { limit }: PageAsk,
  encryption: Encryption,
  cursor: (last: TemplateVersion) => string,
): Page<TemplateVersion> => {
  const items = rows.slice(0, limit).map((row) => toTemplate(row, encryption));
  const last = items.at(-1);
  return rows.length > limit && last ? { items, next: cursor(last) } : { items };
};

const full = (templates: number): Fault =>
  new Fault(
    'templates_full',
    `This host keeps ${templates} templates at most (limits.templates). Store it under a name that is there, or delete one.`,
    { templates },
  );

/** Templates by name, in versions that never change. Of each the newest are kept; builds have copies of their own. */
export const makeTemplates = (
  { db, clock, read, write, encryption }: Connection,
  limits: Pick<StoreLimits, 'templates' | 'templateVersions'>,
): Pick<Store, 'putTemplate' | 'template' | 'templates' | 'templateVersions' | 'removeTemplate'> => {
  const newest = db.prepare<[string], Row>(
    'SELECT * FROM template_version WHERE name = ? ORDER BY version DESC LIMIT 1',
  );
  const exactly = db.prepare<[string, number], Row>('SELECT * FROM template_version WHERE name = ? AND version = ?');
  const names = db.prepare<[string, number], Row>(`
    SELECT * FROM template_version AS one
    WHERE name > ? AND version = (SELECT max(version) FROM template_version WHERE name = one.name)
    ORDER BY name LIMIT ?`);
  const versions = db.prepare<[string, number, number], Row>(
    'SELECT * FROM template_version WHERE name = ? AND version < ? ORDER BY version DESC LIMIT ?',
  );
  const insert = db.prepare<[Row], Row>(`
    INSERT INTO template_version (name, version, digest, document, context_id, created_at)
    VALUES (:name, :version, :digest, :document, :context_id, :created_at) RETURNING *`);

  const numberOfNames = db
    .prepare<[], number>('SELECT count(*) FROM (SELECT DISTINCT name FROM template_version)')
    .pluck();
  const removeUpTo = db.prepare<[string, number]>('DELETE FROM template_version WHERE name = ? AND version <= ?');

  return {
    removeTemplate: (name) => write('power', () => removeUpTo.run(name, Number.MAX_SAFE_INTEGER).changes > 0),
    putTemplate: (name, document, digest, contextId) => {
      const put = () => {
        const before = newest.get(name);
        if (before?.digest === digest) return { version: toTemplate(before, encryption), created: false };
        const version = (before?.version ?? 0) + 1;
        const row = {
          ...{ name, version, digest },
          document: encryption.encrypt(document, places.document(name, version)),
          context_id: contextId ?? null,
          created_at: clock.now(),
        };
        if (!before && (numberOfNames.get() ?? 0) >= limits.templates) throw full(limits.templates);
        insert.run(row);
        removeUpTo.run(name, row.version - limits.templateVersions);
        return { version: toTemplate(row, encryption), created: true };
      };
      return write('power', put, JSON.stringify(document).length);
    },
    template: (name, version) =>
      read(() => {
        const row = version === undefined ? newest.get(name) : exactly.get(name, version);
        return row && toTemplate(row, encryption);
      }),
    templates: (page) =>
      read(() => pageOf(names.all(page.after ?? '', page.limit + 1), page, encryption, (last) => last.name)),
    templateVersions: (name, page) =>
      read(() => {
        const before = Number(page.after ?? Number.MAX_SAFE_INTEGER);
        return pageOf(versions.all(name, before, page.limit + 1), page, encryption, (last) => String(last.version));
      }),
  };
};
