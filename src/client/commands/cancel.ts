import type { RunCommand } from '../args/types.ts';

/** `imagectl cancel` */
export const run: RunCommand = async ({ api: connect, output, operands: [id = ''], values }) => {
  const api = await connect();
  const { reason, json } = values;
  const build = await api.ask('post', '/builds/{id}/cancel', {
    path: { id },
    json: reason === undefined ? {} : { reason },
  });
  if (json === true) output.printJson(build);
  else output.print(`${build.id}  ${build.status}${build.cancel_requested && build.status !== 'cancelled' ? ', being cancelled' : ''}`); // prettier-ignore
  return 'succeeded';
};
