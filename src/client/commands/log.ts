import { printText } from './print-text.ts';
import type { RunCommand } from '../args/types.ts';

/** `imagectl log` */
export const run: RunCommand = (job) => printText(job, 'log');
