import { keyFileOf } from '../../config/config.ts';
import { fail, ifThere, ok, warn } from '../answers.ts';
import { whyNot } from '../people.ts';
import type { HostCheck } from '../types.ts';

/** Whether the key that the store is encrypted with can be read, by the daemon alone. */
export const keyFile: HostCheck = {
  name: 'key-file',
  ask: async ({ host, config, user }) => {
    const file = keyFileOf(config);
    const facts = await ifThere(host.stat(file));
    const store = await ifThere(host.stat(`${config.data_dir}/imaged.db`));
    if (facts === undefined && store === undefined) return ok('the first start makes one');
    // A store from before has none, and the first start makes it.
    if (facts === undefined)
      return warn(`${file} is not there: a store that is encrypted already cannot be opened without it`);
    if ((facts.mode & 0o077) !== 0) return fail(`${file} may be read by others`, `chmod 600 ${file}`);
    if (user !== undefined && (await whyNot(host, user, file, 'read')) !== undefined)
      return fail(`${file} may not be read by ${user.name}`, `chown ${user.name} ${file}`);
    return ok('the key of the store is there, and no other user reads it');
  },
};
