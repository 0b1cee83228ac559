import type { RunCommand } from '../args/types.ts';
import { usageError } from '../client-error.ts';
import { facts } from '../show/table.ts';

/** `imagectl hold` */
export const run: RunCommand = async ({ api: connect, output, operands: [id = ''], values }) => {
  if (values.for !== undefined && values.release === true)
    throw usageError('--for and --release exclude each other: give one of them.');
  const api = await connect();
  if (values.release === true) {
    await api.ask('delete', '/builds/{id}/hold', { path: { id } });
    output.tell(`The machine of ${id} goes.`);
    return 'succeeded';
  }
  if (values.for !== undefined)
    await api.ask('put', '/builds/{id}/hold', { path: { id }, json: { duration: values.for } });
  const hold = await api.ask('get', '/builds/{id}/hold', { path: { id } });
  if (values.json === true) output.printJson(hold);
  else
    output.print(
      ...facts([
        ['held', hold.held ? 'yes' : 'no'],
        ['until', hold.until],
        ['log in', hold.ssh],
        ['console', hold.held ? `imagectl console --attach ${id}` : undefined],
      ]),
    );
  return 'succeeded';
};
