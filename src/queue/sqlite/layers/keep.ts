import { layerBounds } from '../../../base/bounds.ts';
import { Fault } from '../../../base/fault.ts';
import type { NewLayer } from '../../../layers/types.ts';
import type { LayerIndex } from '../../layers.ts';
import type { Connection } from '../connection.ts';
import { places } from '../encryption/columns.ts';
import { toLink, type LinkRow } from './find.ts';
import { toLayer, type EntryRow, type LayerRow } from './rows.ts';

type NewRow = Omit<LayerRow, 'seq' | 'uses' | 'used_at'>;

const gone = (parent: string): Fault =>
  new Fault('layer_missing', `The layer ${parent} is not kept any more, and nothing can be kept over it.`, { parent });

// A layer and those that lie beneath it, the nearest first.
const chain = `WITH RECURSIVE chain (key, parent) AS (
  SELECT key, parent FROM layer WHERE key = ?
  UNION ALL SELECT layer.key, layer.parent FROM layer JOIN chain ON layer.key = chain.parent)`;

const statementsOf = ({ db }: Pick<Connection, 'db'>) => ({
  find: db.prepare<[string, number], LayerRow>(
    'SELECT * FROM layer WHERE key = ? AND going = 0 AND (expires_at IS NULL OR expires_at > ?)',
  ),
  parent: db.prepare<[string], Pick<EntryRow, 'depth' | 'expires_at'>>(
    'SELECT depth, expires_at FROM layer WHERE key = ? AND going = 0',
  ),
  insert: db.prepare<[NewRow], LayerRow>(`
    INSERT INTO layer (key, parent, depth, step, template_name, build_id, kind, made_at, used_at, bytes, own_bytes, seconds,
                       expires_at, files, ingredients, facts)
    VALUES (:key, :parent, :depth, :step, :template_name, :build_id, :kind, :made_at, :made_at, :bytes, :own_bytes, :seconds,
            :expires_at, :files, :ingredients, :facts)
    RETURNING *`),
  chain: db.prepare<[string], LinkRow>(
    `${chain} SELECT layer.key, layer.files FROM layer JOIN chain USING (key) ORDER BY layer.depth DESC`,
  ),
  use: db.prepare<[string, number]>(
    `${chain} UPDATE layer SET used_at = max(used_at, ?) WHERE key IN (SELECT key FROM chain)`,
  ),
  count: db.prepare<[string]>('UPDATE layer SET uses = uses + 1 WHERE key = ?'),
  hold: db.prepare<[string, string]>('INSERT OR IGNORE INTO layer_hold (key, build_id) VALUES (?, ?)'),
  release: db.prepare<[string, string]>('DELETE FROM layer_hold WHERE key = ? AND build_id = ?'),
  releaseEnded: db.prepare(`
    DELETE FROM layer_hold WHERE build_id NOT IN (SELECT id FROM build WHERE status IN ('running', 'held'))`),
});

/** JSON of at most so many bytes; what made more of it is a defect of imaged, as clients bound neither. */
const boundedJson = (value: unknown, most: number, what: string): string => {
  const text = JSON.stringify(value);
  const bytes = Buffer.byteLength(text);
  if (bytes > most) throw new Fault('internal', `The ${what} of a layer take ${bytes} bytes, and may take ${most}.`);
  return text;
};

/** Adding layers, and holding them for builds. */
export const makeKeep = (connection: Connection): Pick<LayerIndex, 'add' | 'hold' | 'release' | 'releaseEnded'> => {
  const { clock, write, encryption } = connection;
  const statements = statementsOf(connection);
  const linksOf = (key: string) => statements.chain.all(key).map(toLink);

  /** Where its parent puts it. Within a write. */
  const placeOver = ({ parent, expiresAt }: NewLayer) => {
    const beneath = parent === undefined ? undefined : statements.parent.get(parent);
    if (parent !== undefined && beneath === undefined) throw gone(parent);
    const expires = [expiresAt, beneath?.expires_at].filter((at) => typeof at === 'number');
    return { depth: (beneath?.depth ?? 0) + 1, expires_at: expires.length === 0 ? null : Math.min(...expires) };
  };
  const toRow = (layer: Parameters<LayerIndex['add']>[0]): NewRow => ({
    ...{ key: layer.key, parent: layer.parent ?? null, step: layer.step, template_name: layer.templateName },
    ...{ build_id: layer.buildId, kind: layer.kind, made_at: clock.now() },
    ...{ bytes: layer.bytes, own_bytes: layer.ownBytes, seconds: layer.seconds, ...placeOver(layer) },
    files: JSON.stringify(layer.files),
    ingredients: boundedJson(layer.ingredients, layerBounds.ingredientsBytes, 'ingredients'),
    facts: encryption.encrypt(layer.facts, places.layer(layer.key)),
  });

  return {
    add: (layer) =>
      write('power', () => {
        boundedJson(layer.facts, layerBounds.factsBytes, 'facts');
        const row = statements.insert.get(toRow(layer));
        // RETURNING gives the row that was written.
        if (row === undefined) throw new Error('a layer was written and is not there');
        statements.hold.run(layer.key, layer.buildId);
        statements.use.run(layer.key, clock.now());
        return toLayer(row, encryption);
      }),
    hold: (key, buildId) =>
      write('process', () => {
        const row = statements.find.get(key, clock.now());
        if (row === undefined) return undefined;
        statements.hold.run(key, buildId);
        statements.count.run(key);
        statements.use.run(key, clock.now());
        const layer = toLayer({ ...row, uses: row.uses + 1, used_at: clock.now() }, encryption);
        return { layer, chain: linksOf(key) };
      }),
    release: (key, buildId) => write('process', () => void statements.release.run(key, buildId)),
    releaseEnded: () => write('process', () => void statements.releaseEnded.run()),
  };
};
