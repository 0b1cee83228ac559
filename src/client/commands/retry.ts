import { goOn } from './go-on.ts';
import type { RunCommand } from '../args/types.ts';

/** `imagectl retry` */
export const run: RunCommand = (job) => goOn(job, 'retry', {});
