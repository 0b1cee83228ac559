import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../../base/fault.ts';
import type { Place } from './types.ts';

/**
 * The public keys that may have signed a folder, by absolute path: `openbsd-79-base.pub` for 7.9 (signify(1)); for
 * snapshots those of every release that are there, the newest first, since a snapshot is signed with the key of the
 * release it leads to. Throws `mirror_refused` when there is none.
 */
export const keysFor = async ({ release, signer, folder }: Place, keys: string): Promise<readonly string[]> => {
  const names = await readdir(keys).catch((error: unknown) => {
    throw new Fault('mirror_unavailable', `The folder of keys ${keys} cannot be read.`, {}, { cause: error });
  });
  const numbered = names
    .flatMap((name) => {
      const [, digits, kind] = /^openbsd-(\d{2,3})-([a-z]+)\.pub$/.exec(name) ?? [];
      return digits !== undefined && kind === signer ? [{ name, number: Number(digits) }] : [];
    })
    .sort((one, other) => other.number - one.number);
  const wanted = release === 'snapshots' ? undefined : Number(release.replace('.', ''));
  const found = numbered.filter(({ number }) => wanted === undefined || number === wanted);
  if (found.length === 0) {
    const name = wanted === undefined ? `openbsd-NN-${signer}.pub` : `openbsd-${wanted}-${signer}.pub`;
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
