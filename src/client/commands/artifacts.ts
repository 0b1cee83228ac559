import type { RunCommand } from '../args/types.ts';
import { table } from '../show/table.ts';
import { shownBytes } from '../show/units.ts';
import { whichBuild } from './which-build.ts';

/** `imagectl artifacts` */
export const run: RunCommand = async ({ api: connect, output, operands, values }) => {
  const api = await connect();
  const { id } = await whichBuild(api, operands[0]);
  const { items } = await api.ask('get', '/builds/{id}/artifacts', { path: { id } });
  if (values.json === true) for (const artifact of items) output.printJson(artifact);
  else if (items.length === 0) output.tell(`Build ${id} has no artifacts.`);
  else
    output.print(
      ...table(
        ['ARTIFACT', 'SIZE', 'SHA256'],
        items.map(({ name, size, sha256 }) => [name, shownBytes(size), sha256]),
      ),
    );
  return 'succeeded';
};
