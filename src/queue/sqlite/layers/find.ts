import { layerBounds } from '../../../base/bounds.ts';
import type { LayerKind } from '../../../layers/types.ts';
import type { LayerIndex, Link, TakenLayer } from '../../layers.ts';
import type { Connection } from '../connection.ts';
import { parsed } from '../rows.ts';
import { entryColumns, toEntry, toLayer, type EntryRow, type LayerRow } from './rows.ts';

type ListAsk = {
  readonly before: number;
  readonly template: string | null;
  readonly kind: LayerKind | null;
  readonly limit: number;
};

type NearestAsk = {
  readonly template: string;
  readonly step: string;
  readonly parent: string | null;
  readonly limit: number;
};

export type LinkRow = { readonly key: string; readonly files: string };

export const toLink = ({ key, files }: LinkRow): Link => ({ key, files: parsed<Link['files']>(files) });

// A layer that is held, and all that lie beneath it.
const held = `WITH RECURSIVE held (key) AS (
  SELECT key FROM layer_hold UNION SELECT layer.parent FROM layer JOIN held USING (key) WHERE layer.parent IS NOT NULL)`;

const sums = 'SELECT count(*) AS layers, coalesce(sum(bytes), 0) AS bytes, coalesce(sum(own_bytes), 0) AS ownBytes';

type Sum = TakenLayer & { readonly layers: number };

const noneKept: Sum = { layers: 0, bytes: 0, ownBytes: 0 };

const statementsOf = ({ db }: Pick<Connection, 'db'>) => ({
  list: db.prepare<[ListAsk], EntryRow>(`
    SELECT ${entryColumns} FROM layer
    WHERE seq < :before AND going = 0 AND (:template IS NULL OR template_name = :template)
      AND (:kind IS NULL OR kind = :kind)
    ORDER BY seq DESC LIMIT :limit`),
  known: db.prepare<[string, number], EntryRow>(`
    SELECT ${entryColumns} FROM layer
    WHERE key IN (SELECT value FROM json_each(?)) AND going = 0 AND (expires_at IS NULL OR expires_at > ?)`),
  // The few are chosen before their facts are read.
  nearest: db.prepare<[NearestAsk], LayerRow>(`
    SELECT * FROM layer WHERE seq IN (
      SELECT seq FROM layer WHERE template_name = :template AND step = :step AND going = 0
      ORDER BY parent IS NOT :parent, seq DESC LIMIT :limit)
    ORDER BY parent IS NOT :parent, seq DESC`),
  find: db.prepare<[string], LayerRow>('SELECT * FROM layer WHERE key = ? AND going = 0'),
  isTaken: db.prepare<[string], number>('SELECT 1 FROM layer WHERE key = ?').pluck(),
  links: db.prepare<[], LinkRow>('SELECT key, files FROM layer WHERE going = 0 ORDER BY depth DESC, seq'),
  all: db.prepare<[], Sum>(`${sums} FROM layer WHERE going = 0`),
  held: db.prepare<[], Sum>(`${held} ${sums} FROM layer WHERE key IN (SELECT key FROM held)`),
  // CROSS JOIN: from the few that are held, not from all that there are (sqlite.org/optoverview.html).
  made: db.prepare<[], Sum>(`
    ${sums} FROM layer_hold CROSS JOIN layer ON layer.key = layer_hold.key AND layer.build_id = layer_hold.build_id
    WHERE layer.going = 0`),
});

/** What the index tells. */
export const makeFind = (
  connection: Connection,
): Pick<LayerIndex, 'list' | 'find' | 'known' | 'nearest' | 'isTaken' | 'links' | 'totals'> => {
  const { clock, read, encryption } = connection;
  const { list, known, nearest, find, isTaken, links, all, held, made } = statementsOf(connection);
  return {
    list: ({ templateName, kind }, { limit, after }) =>
      read(() => {
        const rows = list.all({
          // One that a client made up is no number, and has no page.
          before: after === undefined ? Number.MAX_SAFE_INTEGER : Number(after) || 0,
          template: templateName ?? null,
          kind: kind ?? null,
          limit: limit + 1,
        });
        const shown = rows.slice(0, limit);
        const last = shown.at(-1);
        const items = shown.map(toEntry);
        return rows.length > limit && last ? { items, next: String(last.seq) } : { items };
      }),
    find: (key) =>
      read(() => {
        const row = find.get(key);
        return row && toLayer(row, encryption);
      }),
    known: (keys) =>
      read(() => new Map(known.all(JSON.stringify(keys), clock.now()).map((row) => [row.key, toEntry(row)]))),
    nearest: (template, step, parent) =>
      read(() =>
        nearest
          .all({ template, step, parent: parent ?? null, limit: layerBounds.nearest })
          .map((row) => toLayer(row, encryption)),
      ),
    isTaken: (key) => read(() => isTaken.get(key) !== undefined),
    links: () => read(() => links.all().map(toLink)),
    totals: () =>
      read(() => {
        const [whole, used] = [all.get() ?? noneKept, held.get() ?? noneKept];
        return {
          ...{ layers: whole.layers, bytes: whole.bytes },
          freeable: { bytes: whole.bytes - used.bytes, ownBytes: whole.ownBytes - used.ownBytes },
          madeBytes: made.get()?.ownBytes ?? 0,
        };
      }),
  };
};
