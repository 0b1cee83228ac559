import type { ProvisionerPlace } from '../kind.ts';

const keys = { 'shell-local': 'shell_local', ansible: 'ansible' } as const;

/** A field error where the configuration does not let templates run this kind on the host. */
export const judgeAllowed = (
  kind: keyof typeof keys,
  { pointer, wrong, allows }: Pick<ProvisionerPlace, 'pointer' | 'wrong' | 'allows'>,
): void => {
  const key = keys[kind];
  if (!allows(key))
    wrong.add(
      `${pointer}/type`,
      `is "${kind}", which runs on the host of the daemon, and this host does not allow it: its administrator would have to set "${key}" under [provisioners]; see imaged.conf(5)`,
    );
};

/** A field error for a file that has roles and collections fetched, where the configuration does not let it. */
export const judgeGalaxy = ({ pointer, wrong, allows }: ProvisionerPlace): void => {
  if (!allows('ansible_galaxy'))
    wrong.add(
      `${pointer}/galaxy_file`,
      'has ansible-galaxy fetch what it names, and this host does not allow it: put roles and collections into the context ("roles_path", "collections_path"), or its administrator sets "ansible_galaxy" under [provisioners]; see imaged.conf(5)',
    );
};
