import type { Build } from '../records.ts';
import type { BuildInput, PlannedStep } from '../asked.ts';
import { makeBaseRows } from './bases.ts';
import { leaseLost, type Connection } from './connection.ts';
import { places } from './encryption/columns.ts';
import { parsed, toBuild, type BuildRow } from './rows.ts';

type InputRow = { readonly template: string; readonly variables: string; readonly plan: string };

/** A build by its id, for every part of the store. */
export type BuildRows = {
  readonly find: (id: string) => Build | undefined;
  /** The build whose claim has this token. Throws `lease_lost`. */
  readonly claimed: (id: string, token: string) => Build;
  /** Its template, variables and plan. */
  readonly input: (id: string) => BuildInput | undefined;
};

export const makeBuildRows = ({ db, encryption }: Connection): BuildRows => {
  const build = db.prepare<[string], BuildRow>('SELECT * FROM build WHERE id = ?');
  const byClaim = db.prepare<[string, string], BuildRow>('SELECT * FROM build WHERE id = ? AND token = ?');
  const input = db.prepare<[string], InputRow>('SELECT template, variables, plan FROM build_input WHERE build_id = ?');
  const bases = makeBaseRows({ db });
  return {
    find: (id) => {
      const row = build.get(id);
      return row && toBuild(row);
    },
    claimed: (id, token) => {
      const row = byClaim.get(id, token);
      if (!row) throw leaseLost(id);
      return toBuild(row);
    },
    input: (id) => {
      const row = input.get(id);
      return (
        row && {
          template: encryption.decrypt<unknown>(row.template, places.template(id)),
          variables: encryption.decrypt<BuildInput['variables']>(row.variables, places.variables(id)),
          plan: parsed<readonly PlannedStep[]>(row.plan),
          ...bases.of(id),
        }
      );
    },
  };
};
