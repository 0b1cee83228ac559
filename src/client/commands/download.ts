import { resolve } from 'node:path';
import type { Run } from '../args/types.ts';
import { ClientError } from '../client-error.ts';
import { downloadAll } from '../parts.ts';
import { whichBuild } from './which-build.ts';

/** `imagectl download` */
export const run: Run = async (job) => {
  const { output, values, operands } = job;
  const [wanted, ...names] = operands;
  const api = await job.api();
  const { id } = await whichBuild(api, wanted);
  const { items } = await api.ask('get', '/builds/{id}/artifacts', { path: { id } });
  const missing = names.find((name) => !items.some((one) => one.name === name));
  if (missing !== undefined || items.length === 0)
    throw new ClientError(
      'refused',
      `Build ${id} has no artifact${missing === undefined ? '' : ` ${JSON.stringify(missing)}`}. See: imagectl artifacts ${id}`,
    );
  const chosen = names.length === 0 ? items : items.filter(({ name }) => names.includes(name));
  return downloadAll(api, id, chosen, {
    output,
    folder: resolve(values.output ?? '.'),
    resume: values.resume === true,
    replace: values.replace === true,
    key: values.key,
  });
};
