import { goOn } from './go-on.ts';
import type { RunCommand } from '../args/types.ts';

/** `imagectl rebuild` */
export const run: RunCommand = (job) => goOn(job, 'rebuild', job.values.strict === true ? { strict: true } : {});
