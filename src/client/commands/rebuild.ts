import { goOn } from './go-on.ts';
import type { Run } from '../args/types.ts';

/** `imagectl rebuild` */
export const run: Run = (job) => goOn(job, 'rebuild', job.values.strict === true ? { strict: true } : {});
