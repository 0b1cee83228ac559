import { Fault } from '../../base/fault.ts';
import type { BuildInput } from '../asked.ts';
import type { Store } from '../store.ts';
import type { Connection } from './connection.ts';

/** A build that has not ended and begins with an artifact of `build`. */
export const userOfBase = (build: string): string =>
  `SELECT user.id FROM build_base JOIN build AS user ON user.id = build_base.build_id
   WHERE build_base.base_id = ${build} AND user.ended_at IS NULL LIMIT 1`;

export const baseInUse = (user: string): Fault =>
  new Fault('base_in_use', `Build ${user} begins with an artifact of this one. Wait for its end, or cancel it.`, {
    build: user,
  });

const gone = (asked: string, base: string): Fault =>
  new Fault('template_invalid', `The build ${base}, which the template names as "build:${asked}", has been deleted.`);

/** The builds whose artifacts other builds begin with. */
export const makeBaseRows = ({ db }: Pick<Connection, 'db'>) => {
  const insert = db.prepare<[string, string, string]>(
    'INSERT INTO build_base (build_id, asked, base_id) VALUES (?, ?, ?)',
  );
  const there = db.prepare<[string], string>('SELECT id FROM build WHERE id = ? AND going = 0').pluck();
  const of = db.prepare<[string], { readonly asked: string; readonly base_id: string }>(
    'SELECT asked, base_id FROM build_base WHERE build_id = ?',
  );
  const user = db.prepare<[string], string>(userOfBase('?')).pluck();
  return {
    /** Within a write. Throws `template_invalid` where one of them is gone, or going. */
    add: (build: string, bases: Readonly<Record<string, string>>): void => {
      for (const [asked, base] of Object.entries(bases)) {
        if (there.get(base) === undefined) throw gone(asked, base);
        insert.run(build, asked, base);
      }
    },
    /** Nothing where it begins with none. */
    of: (build: string): Pick<BuildInput, 'bases'> => {
      const bases = Object.fromEntries(of.all(build).map(({ asked, base_id }) => [asked, base_id]));
      return Object.keys(bases).length === 0 ? {} : { bases };
    },
    /** A build that has not ended and begins with an artifact of this one. */
    user: (build: string): string | undefined => user.get(build),
  };
};

/** See `Store.beginRemoval`. */
export const makeRemoval = ({ db, write }: Connection): Pick<Store, 'beginRemoval'> => {
  const mark = db.prepare<[string]>(
    `UPDATE build SET going = 1 WHERE id = ? AND ended_at IS NOT NULL AND pinned_at IS NULL AND NOT EXISTS (${userOfBase('build.id')})`,
  );
  return { beginRemoval: (id) => write('power', () => mark.run(id).changes > 0) };
};
