import { goOn } from './go-on.ts';
import type { Run } from '../args/types.ts';

/** `imagectl retry` */
export const run: Run = (job) => goOn(job, 'retry', {});
