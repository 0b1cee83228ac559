import { Fault } from '../../base/fault.ts';
import type { StoredRun } from '../../queue/records.ts';
import type { Store } from '../../queue/store.ts';

export const noRun = (id: string): Fault =>
  new Fault('not_found', `There is no run ${id}. GET /runs lists those there are.`);

/** The run with this id. Throws `not_found`. */
export const findRun = async (store: Pick<Store, 'findRun'>, id: string): Promise<StoredRun> => {
  const run = await store.findRun(id);
  if (run === undefined) throw noRun(id);
  return run;
};
