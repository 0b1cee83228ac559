import { patiently } from '../api/patience.ts';
import type { RunCommand } from '../args/types.ts';
import { watchBuild } from '../watch/watch.ts';
import { whichBuild } from './which-build.ts';

/** `imagectl watch` */
export const run: RunCommand = async (job) => {
  const api = await job.api();
  return watchBuild(job, api, await patiently(job.output, () => whichBuild(api, job.operands[0])));
};
