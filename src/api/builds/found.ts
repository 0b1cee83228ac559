import { z } from 'zod';
import { Fault } from '../../base/fault.ts';
import { AskedId } from '../../base/ids.ts';
import type { Build } from '../../queue/records.ts';
import type { Store } from '../../queue/store.ts';

/** The address of a build. */
export const BuildParams = z.object({
  id: AskedId.meta({ description: 'The build’s id, in upper or lower case.' }),
});

export const noBuild = (id: string): Fault =>
  new Fault('not_found', `There is no build ${id}. GET /builds lists those there are.`);

/** The build with this id. Throws `not_found`. */
export const findBuild = async (store: Pick<Store, 'find'>, id: string): Promise<Build> => {
  const build = await store.find(id);
  if (build === undefined) throw noBuild(id);
  return build;
};
