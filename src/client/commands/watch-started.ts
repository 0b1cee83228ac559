import type { Api } from '../api/api.ts';
import type { Build } from '../api/types.ts';
import type { CommandJob } from '../args/types.ts';
import type { ClientEnding } from '../client-error.ts';
import { watchBuild } from '../watch/watch.ts';

/** Watches a build that was started just now; with `--detach` its id is all that is printed. */
export const watchStarted = async (job: CommandJob, api: Api, build: Build): Promise<ClientEnding> => {
  const { output, values } = job;
  if (values.json === true) output.printJson(build);
  else if (values.detach === true) output.print(build.id);
  else if (!output.isRich) output.tell(`build ${build.id}`);
  return values.detach === true ? 'succeeded' : watchBuild(job, api, build);
};
