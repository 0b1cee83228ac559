import { ok, warn } from '../answers.ts';
import { readLoginClasses, sizeMbOfClass } from '../login-conf.ts';
import type { HostCheck } from '../types.ts';

/** Whether one machine may have all the memory that the configuration grants: vmd's login class limits each. */
export const vmMemory: HostCheck = {
  name: 'vm-memory',
  ask: async ({ host, memoryMb }) => {
    const classes = await readLoginClasses(host, 'vmd');
    if (!classes.isReadable)
      return warn('cannot be told: /etc/login.conf may not be read', 'run "imaged check" as root');
    const name = classes.has('vmd') ? 'vmd' : 'daemon';
    const value = classes.value(name, 'datasize-cur', 'datasize', 'datasize-max');
    if (value === undefined) return ok(`the login class ${name} sets no limit to the memory of a machine`);
    if (sizeMbOfClass(value) >= memoryMb) return ok(`the login class ${name} lets a machine have ${value}`);
    return warn(
      `the login class ${name} lets a machine have ${value}, and capacity.memory grants ${memoryMb}M`,
      `set datasize=${memoryMb}M in the class vmd of /etc/login.conf, then rcctl restart vmd, which stops all machines`,
    );
  },
};
