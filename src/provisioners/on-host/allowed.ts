import type { Place } from '../kind.ts';

const keys = { 'shell-local': 'shell_local', ansible: 'ansible' } as const;

/** A field error where the configuration does not let templates run this kind on the host. */
export const judgeAllowed = (
  kind: keyof typeof keys,
  { pointer, wrong, allows }: Pick<Place, 'pointer' | 'wrong' | 'allows'>,
): void => {
  const key = keys[kind];
  if (!allows(key))
    wrong.add(
      `${pointer}/type`,
      `is "${kind}", which runs on the host of the daemon, and this host does not allow it: its administrator would have to set "${key}" under [provisioners]; see imaged.conf(5)`,
    );
};
