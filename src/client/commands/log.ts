import { printText } from './print-text.ts';
import type { Run } from '../args/types.ts';

/** `imagectl log` */
export const run: Run = (job) => printText(job, 'log');
