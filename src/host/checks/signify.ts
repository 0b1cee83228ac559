import { fail, ifThere, ok, warn } from '../answers.ts';
import { digitsOfKey, keyName } from '../../base/openbsd/mirror-layout.ts';
import { digitsOf } from '../../base/openbsd/release-name.ts';
import type { HostCheck } from '../types.ts';

const ofHost = '/etc/signify';

/** Whether there are keys to verify OpenBSD's sets with: one for this release, and whatever the mirror holds. */
export const signify: HostCheck = {
  name: 'signify',
  ask: async ({ host, mirrorKeys }) => {
    if (mirrorKeys !== undefined) {
      const keys = (await ifThere(host.list(mirrorKeys)))?.filter((name) => digitsOfKey(name, 'base')) ?? [];
      if (keys.length === 0)
        return fail(
          `the folder mirror.keys has no key (${keyName('NN', 'base')})`,
          `cp ${ofHost}/${keyName('*', 'base')} ${mirrorKeys}`,
        );
    }
    const digits = digitsOf(host.release);
    const key = keyName(digits ?? 'NN', 'base');
    if (digits !== undefined && (await ifThere(host.stat(`${ofHost}/${key}`))) !== undefined)
      return ok(`${key} is there`);
    return warn(`${ofHost} has no ${key}: sets of this release cannot be verified`, `fetch ${key} into ${ofHost}`);
  },
};
