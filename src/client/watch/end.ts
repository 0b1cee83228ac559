import type { Api } from '../api/api.ts';
import { patiently } from '../api/patience.ts';
import type { Build } from '../api/types.ts';
import type { CommandJob } from '../args/types.ts';
import type { ClientEnding } from '../client-error.ts';
import { faultLines } from '../show/fault.ts';
import type { OutputLine, Output } from '../show/output.ts';
import { secondsBetween, shownBytes, shownSeconds } from '../show/units.ts';

/** How a command ends whose build stands so. */
const endingOf = ({ status }: Build): ClientEnding =>
  status === 'failed' || status === 'held' ? 'failed' : status === 'cancelled' ? 'cancelled' : 'succeeded';

const took = ({ started_at: from, ended_at: to }: Build): string =>
  from === undefined || to === undefined ? '' : ` in ${shownSeconds(secondsBetween(from, to))}`;

const artifactLines = async (output: Output, api: Api, { id }: Build): Promise<readonly OutputLine[]> => {
  const { items } = await patiently(output, () => api.ask('get', '/builds/{id}/artifacts', { path: { id } }));
  const lines = items.map(({ name, size }): OutputLine => `  ${name}  ${shownBytes(size)}`);
  return lines.length === 0 ? [] : [...lines, { as: 'dim', text: `  > imagectl download ${id}` }];
};

/** Says how a build has ended: its artifacts, or its fault. */
export const tellEnd = async ({ output, values }: CommandJob, api: Api, build: Build): Promise<ClientEnding> => {
  if (values.json === true) output.printJson(build);
  else if (build.status === 'succeeded')
    output.print(
      [{ as: 'green', text: 'succeeded' }, `  ${build.template.name}  ${build.id}${took(build)}`],
      ...(await artifactLines(output, api, build)),
    );
  else {
    output.tell([{ as: 'red', text: build.status }, `  ${build.template.name}  ${build.id}${took(build)}`]);
    if (build.fault !== undefined) output.tell(...faultLines(build.fault, build));
  }
  return endingOf(build);
};
