import { dirname, relative, sep } from 'node:path';

/**
 * What a file in `folder` calls another by: a relative name where both lie below the folder that is two above, which can be
 * moved as a whole then, as data_dir can of `data_dir/layers/KEY`; else its path. Both are absolute, without links.
 */
export const nameFrom = (folder: string, path: string): string => {
  const whole = dirname(dirname(folder));
  return whole !== sep && path.startsWith(`${whole}${sep}`) ? relative(folder, path) : path;
};
