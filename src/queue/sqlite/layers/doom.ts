import { Fault } from '../../../base/fault.ts';
import type { Doomed, LayerIndex } from '../../layers.ts';
import type { Connection } from '../connection.ts';

type Row = Doomed[number];

const columns = 'layer.key, bytes, own_bytes AS ownBytes';

// A layer and those that lie over it.
const over = `WITH RECURSIVE above (key) AS (
  SELECT key FROM layer WHERE key = :key UNION ALL SELECT layer.key FROM layer JOIN above ON layer.parent = above.key)`;

// The rule: neither one that a build holds, nor one that another lies over. Its user is used as often, and later goes first.
const next = (among: string) => `
  SELECT ${columns} FROM layer
  WHERE going = 0 AND ${among}
    AND NOT EXISTS (SELECT 1 FROM layer_hold WHERE layer_hold.key = layer.key)
    AND NOT EXISTS (SELECT 1 FROM layer AS user WHERE user.parent = layer.key)
  ORDER BY used_at, depth DESC LIMIT 1`;

const statementsOf = ({ db }: Pick<Connection, 'db'>) => ({
  find: db.prepare<[string], number>('SELECT 1 FROM layer WHERE key = ? AND going = 0').pluck(),
  above: db.prepare<[{ readonly key: string }], Row>(
    `${over} SELECT ${columns} FROM layer JOIN above USING (key) ORDER BY depth DESC, seq DESC`,
  ),
  holder: db
    .prepare<[{ readonly key: string }], string>(
      `${over} SELECT build_id FROM layer_hold JOIN above USING (key) LIMIT 1`,
    )
    .pluck(),
  next: db.prepare<[], Row>(next('1')),
  nextExpired: db.prepare<[number], Row>(next('expires_at <= ?')),
  mark: db.prepare<[string]>('UPDATE layer SET going = 1 WHERE key = ?'),
  forget: db.prepare<[string]>('DELETE FROM layer WHERE key = ? AND going = 1'),
  doomed: db.prepare<[], Row>(`SELECT ${columns} FROM layer WHERE going = 1 ORDER BY depth DESC, seq DESC`),
});

const held = (key: string, build: string): Fault =>
  new Fault('layer_in_use', `Build ${build} uses the layer ${key}, or one that lies over it. Wait for its end, or cancel it.`, { build }); // prettier-ignore

const beneath = (key: string, layers: number): Fault =>
  new Fault('layer_in_use', `${layers} layers lie over the layer ${key}, and cannot be used without it. Delete it with those: "over=true".`, { layers }); // prettier-ignore

/** What may go, and what has gone. */
export const makeDoom = (connection: Connection): Pick<LayerIndex, 'doom' | 'doomNext' | 'forget' | 'doomed'> => {
  const { clock, read, write, forget } = connection;
  const statements = statementsOf(connection);
  return {
    doom: (key, which) =>
      write('power', () => {
        if (statements.find.get(key) === undefined) return undefined;
        const all = statements.above.all({ key });
        if (which === 'alone' && all.length > 1) throw beneath(key, all.length - 1);
        const holder = statements.holder.get({ key });
        if (holder !== undefined) throw held(key, holder);
        for (const one of all) statements.mark.run(one.key);
        return all;
      }),
    doomNext: (among) =>
      write('power', () => {
        const row = among === 'all' ? statements.next.get() : statements.nextExpired.get(clock.now());
        if (row !== undefined) statements.mark.run(row.key);
        return row;
      }),
    forget: (key) =>
      write('process', () => {
        // Its facts may hold a login of a machine.
        forget();
        statements.forget.run(key);
      }),
    doomed: () => read(() => statements.doomed.all()),
  };
};
