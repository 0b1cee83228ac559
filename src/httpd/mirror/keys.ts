import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../../base/fault.ts';
import { digitsOfKey, keyName } from '../../base/openbsd/mirror-layout.ts';
import { digitsOf } from '../../base/openbsd/release-name.ts';
import type { MirrorPlace } from './types.ts';

/**
 * The public keys that may have signed a folder, by absolute path: `openbsd-79-base.pub` for 7.9 (signify(1)); for
 * snapshots those of every release that are there, the newest first, since a snapshot is signed with the key of the
 * release it leads to. Throws `mirror_refused` when there is none.
 */
export const keysFor = async ({ release, signer, folder }: MirrorPlace, keys: string): Promise<readonly string[]> => {
  const names = await readdir(keys).catch((error: unknown) => {
    throw new Fault('mirror_unavailable', `The folder of keys ${keys} cannot be read.`, {}, { cause: error });
  });
  const numbered = names
    .flatMap((name) => {
      const digits = digitsOfKey(name, signer);
      return digits === undefined ? [] : [{ name, digits }];
    })
    .sort((one, other) => Number(other.digits) - Number(one.digits));
  const wanted = digitsOf(release);
  const found = numbered.filter(({ digits }) => wanted === undefined || digits === wanted);
  if (found.length === 0) {
    const name = keyName(wanted ?? 'NN', signer);
    throw new Fault(
      'mirror_refused',
      `${folder} cannot be verified: there is no ${name} among the keys of this host.`,
      {
        expected: join(keys, name),
      },
    );
  }
  return found.map(({ name }) => join(keys, name));
};
