import { Fault } from '../../base/fault.ts';
import type { Connection } from './connection.ts';
import { parsed } from './rows.ts';
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

const toTemplate = ({ name, version, digest, document, context_id, created_at }: Row): TemplateVersion => ({
  name,
  version,
  digest,
  document: parsed<unknown>(document),
  ...(context_id === null ? {} : { contextId: context_id }),
  createdAt: created_at,
});

const pageOf = (
  rows: readonly Row[],
  { limit }: PageAsk,
  cursor: (last: TemplateVersion) => string,
): Page<TemplateVersion> => {
  const items = rows.slice(0, limit).map(toTemplate);
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
  { db, clock, read, write }: Connection,
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
      const text = JSON.stringify(document);
      const put = () => {
        const before = newest.get(name);
        if (before?.digest === digest) return { version: toTemplate(before), created: false };
        const row = {
          name,
          version: (before?.version ?? 0) + 1,
          digest,
          document: text,
          context_id: contextId ?? null,
          created_at: clock.now(),
        };
        if (!before && (numberOfNames.get() ?? 0) >= limits.templates) throw full(limits.templates);
        insert.run(row);
        removeUpTo.run(name, row.version - limits.templateVersions);
        return { version: toTemplate(row), created: true };
      };
      return write('power', put, text.length);
    },
    template: (name, version) =>
      read(() => {
        const row = version === undefined ? newest.get(name) : exactly.get(name, version);
        return row && toTemplate(row);
      }),
    templates: (page) => read(() => pageOf(names.all(page.after ?? '', page.limit + 1), page, (last) => last.name)),
    templateVersions: (name, page) =>
      read(() => {
        const before = Number(page.after ?? Number.MAX_SAFE_INTEGER);
        return pageOf(versions.all(name, before, page.limit + 1), page, (last) => String(last.version));
      }),
  };
};
