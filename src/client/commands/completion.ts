import { completionFor } from '../args/completion.ts';
import type { RunCommand } from '../args/types.ts';

/** `imagectl completion` */
export const run: RunCommand = async ({ output, operands: [shell = ''] }) => {
  output.print(completionFor(shell));
  return 'succeeded';
};
