import { descriptorsNeeded, howToRaise } from '../../base/descriptors.ts';
import { fail, ok } from '../answers.ts';
import type { HostCheck } from '../types.ts';

/** Whether this process may open enough files, which is to say the daemon where it is started in the same way. */
export const openFiles: HostCheck = {
  name: 'open-files',
  ask: async ({ host, config: { workers, limits }, openFiles: may }) => {
    const need = descriptorsNeeded(workers, limits.connections);
    return may >= need
      ? ok(`${may} files may be open, and ${workers} workers need ${need}`)
      : fail(`${may} files may be open, and ${workers} workers need ${need}`, howToRaise(need, host.platform));
  },
};
