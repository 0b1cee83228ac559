import { goOn } from './go-on.ts';
import type { Run } from '../args/types.ts';

/** `imagectl resume` */
export const run: Run = (job) => goOn(job, 'resume', {});
