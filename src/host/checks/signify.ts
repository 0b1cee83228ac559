import { fail, ifThere, ok, warn } from '../answers.ts';
import { vmdRelease } from '../releases.ts';
import type { Question } from '../types.ts';

const ofHost = '/etc/signify';

const isKey = (name: string): boolean => /^openbsd-\d+-base\.pub$/.test(name);

/** Whether there are keys to verify OpenBSD's sets with: one for this release, and whatever the mirror holds. */
export const signify: Question = {
  name: 'signify',
  ask: async (asked) => {
    const { host, mirrorKeys } = asked;
    if (mirrorKeys !== undefined) {
      const keys = (await ifThere(host.list(mirrorKeys)))?.filter(isKey) ?? [];
      if (keys.length === 0)
        return fail(
          'the folder mirror.keys has no key (openbsd-NN-base.pub)',
          `cp ${ofHost}/openbsd-*-base.pub ${mirrorKeys}`,
        );
    }
    const number = vmdRelease(asked);
    const key = `openbsd-${number}-base.pub`;
    if (number !== undefined && (await ifThere(host.stat(`${ofHost}/${key}`))) !== undefined)
      return ok(`${key} is there`);
    return warn(`${ofHost} has no ${key}: sets of this release cannot be verified`, `fetch ${key} into ${ofHost}`);
  },
};
