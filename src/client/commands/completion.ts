import { completionFor } from '../args/completion.ts';
import type { Run } from '../args/types.ts';

/** `imagectl completion` */
export const run: Run = async ({ output, operands: [shell = ''] }) => {
  output.print(completionFor(shell));
  return 'succeeded';
};
