import type { Api } from '../api/api.ts';
import type { Build } from '../api/types.ts';
import { ClientError } from '../client-error.ts';

/** What is told where the host has not built yet. */
export const noBuildYet = 'There is no build yet. Start one: imagectl build DIR';

/** The build that an operand names; without one, the newest that there is. */
export const whichBuild = async (api: Api, id: string | undefined): Promise<Build> => {
  if (id !== undefined) return api.ask('get', '/builds/{id}', { path: { id } });
  const { items } = await api.ask('get', '/builds', { query: { limit: 1 } });
  const [newest] = items;
  if (newest === undefined) throw new ClientError('refused', noBuildYet);
  // Alone it also says why it waits.
  return api.ask('get', '/builds/{id}', { path: { id: newest.id } });
};
