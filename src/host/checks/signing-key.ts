import { fail, ifThere, ok } from '../answers.ts';
import { whyNot } from '../people.ts';
import type { HostCheck } from '../types.ts';

/** Whether the key that post-processors sign with is there, and readable by the daemon alone. */
export const signingKey: HostCheck = {
  name: 'signing-key',
  ask: async ({ host, config, user }) => {
    const { key } = config.sign;
    if (key === undefined) return ok('the configuration names none: nothing is signed');
    const make = `signify -G -n -p ${key.replace(/(\.sec)?$/, '.pub')} -s ${key}`;
    const facts = await ifThere(host.stat(key));
    if (facts === undefined) return fail('the key of [sign] is not there', make);
    if ((facts.mode & 0o077) !== 0) return fail('the key of [sign] may be read by others', `chmod 600 ${key}`);
    if (user !== undefined && (await whyNot(host, user, key, 'read')) !== undefined)
      return fail(`the key of [sign] may not be read by ${user.name}`, `chown ${user.name} ${key}`);
    return ok('the key of [sign] is there, and no other user reads it');
  },
};
