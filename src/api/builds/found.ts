import { Fault } from '../../base/fault.ts';
import type { Build, Store } from '../../queue/store.ts';

export const noBuild = (id: string): Fault =>
  new Fault('not_found', `There is no build ${id}. GET /builds lists those there are.`);

/** The build with this id. Throws `not_found`. */
export const findBuild = async (store: Pick<Store, 'find'>, id: string): Promise<Build> => {
  const build = await store.find(id);
  if (build === undefined) throw noBuild(id);
  return build;
};
