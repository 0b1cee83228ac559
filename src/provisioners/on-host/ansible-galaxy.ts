import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileRef } from '../../template/spec.ts';

/** What has roles and collections fetched before a playbook, and whether over those that are there. */
export type Galaxy = { readonly file: FileRef; readonly force: boolean; readonly withDependencies: boolean };

const fileName = 'galaxy.yml';

/**
 * Puts the file into the folder of a playbook; gives the arguments of each ansible-galaxy(1) to run there. A file with neither
 * `roles:` nor `collections:` is a list of roles (Ansible, "Galaxy User Guide", requirements).
 */
export const galaxyCalls = async (
  folder: string,
  { file, force, withDependencies }: Galaxy,
): Promise<readonly (readonly string[])[]> => {
  await copyFile(file.path, join(folder, fileName));
  const text = await readFile(join(folder, fileName), 'utf8');
  const collections = /^collections:/m.test(text);
  const roles = /^roles:/m.test(text) || !collections;
  const forced = [...(force ? ['--force'] : []), ...(withDependencies ? ['--force-with-deps'] : [])];
  return [
    ...(roles ? [['role', 'install', '-r', fileName, '-p', 'roles', ...forced]] : []),
    ...(collections ? [['collection', 'install', '-r', fileName, '-p', 'collections', ...forced]] : []),
  ];
};
