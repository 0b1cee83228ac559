import { descriptorsNeeded } from '../../base/descriptors.ts';
import { fail, ok, warn } from '../answers.ts';
import { countOf, readLoginClasses } from '../login-conf.ts';
import type { HostCheck } from '../types.ts';

/** Whether the daemon may open enough files: rc.subr(8) takes the class named after the script, else `daemon`. */
export const loginClass: HostCheck = {
  name: 'login-class',
  ask: async ({ host, config: { workers, limits } }) => {
    const classes = await readLoginClasses(host, 'imaged');
    if (!classes.isReadable)
      return warn('cannot be told: /etc/login.conf may not be read', 'run "imaged check" as root');
    const name = classes.has('imaged') ? 'imaged' : 'daemon';
    const value = classes.value(name, 'openfiles-cur', 'openfiles');
    const need = descriptorsNeeded(workers, limits.connections);
    if (value === undefined) return warn(`the login class ${name} does not say how many files may be open`);
    if (countOf(value) >= need) return ok(`the login class ${name} lets imaged open ${value} files`);
    return fail(
      `the login class ${name} lets imaged open ${value} files, and ${workers} workers need ${need}`,
      'imaged check --fix-print, which prints /etc/login.conf.d/imaged; then rcctl restart imaged',
    );
  },
};
