import { constants, copyFile, cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { loginConfig } from '../../guest/ssh/options.ts';
import type { SshGuest } from '../../guest/types.ts';
import type { FileRef } from '../../template/spec.ts';

/** What a run of ansible-playbook finds in its folder, beside the files of the login. */
export type AnsibleFiles = {
  readonly playbook: FileRef;
  readonly playbookFolder: Pick<FileRef, 'path'>;
  readonly roles?: FileRef;
  readonly collections?: FileRef;
  /** More roles and collections come into their folders after this. */
  readonly galaxy?: unknown;
  /** What the inventory says, or the file that is it. */
  readonly inventory: string | FileRef;
  /** Options of ssh besides, as lines of ssh_config(5). */
  readonly sshOptions: readonly string[];
  /** Files and folders that stand beside the inventory. */
  readonly beside?: FileRef;
  readonly vars: readonly string[];
  readonly limit: string;
};

const tree = (from: string, to: string) => cp(from, to, { recursive: true, verbatimSymlinks: true });

// The guest may have no scp and no sftp server: what dd(1) writes from a pipe needs neither.
const configOf = (folder: string, { roles, collections, galaxy }: AnsibleFiles): string =>
  [
    ...['[defaults]', 'host_key_checking = True', 'retry_files_enabled = False'],
    ...(roles === undefined && galaxy === undefined ? [] : [`roles_path = ${join(folder, 'roles')}`]),
    ...(collections === undefined && galaxy === undefined ? [] : [`collections_path = ${join(folder, 'collections')}`]),
    ...['[ssh_connection]', `ssh_args = -F ${join(folder, 'ssh_config')}`, 'transfer_method = piped', ''],
  ].join('\n');

/** Writes the folder; gives the arguments of ansible-playbook, of which none is a text of the template. */
export const makeAnsibleFolder = async (
  folder: string,
  files: AnsibleFiles,
  login: SshGuest['login'],
): Promise<readonly string[]> => {
  const at = (name: string) => join(folder, name);
  const { playbook, playbookFolder, roles, collections, beside, vars, limit } = files;
  await mkdir(at('inventory'));
  if (beside !== undefined) await tree(beside.path, at('inventory'));
  await tree(playbookFolder.path, at('playbook'));
  if (roles !== undefined) await tree(roles.path, at('roles'));
  if (collections !== undefined) await tree(collections.path, at('collections'));
  await copyFile(login.keyFile, at('key'));
  await copyFile(login.knownHostsFile, at('known_hosts'));
  const mode = 0o600;
  const own = { ...login, keyFile: at('key'), knownHostsFile: at('known_hosts') };
  // Of two values, ssh takes the first.
  const extra = files.sshOptions.map((line) => `  ${line}\n`).join('');
  await writeFile(at('ssh_config'), `Host *\n${extra}${loginConfig(own)}`, { mode });
  await writeFile(at('ansible.cfg'), configOf(folder, files), { mode });
  // What came along under this name may be a link to anywhere.
  await rm(at('inventory/hosts'), { recursive: true, force: true });
  const { inventory } = files;
  if (typeof inventory === 'string') await writeFile(at('inventory/hosts'), inventory, { mode, flag: 'wx' });
  else await copyFile(inventory.path, at('inventory/hosts'), constants.COPYFILE_EXCL);
  await writeFile(at('site.yml'), `- import_playbook: ${JSON.stringify(join('playbook', basename(playbook.path)))}\n`, {
    mode,
  });
  const told: string[] = [];
  for (const [index, text] of vars.entries()) {
    await writeFile(at(`vars-${index}.yml`), text, { mode });
    told.push('-e', `@vars-${index}.yml`);
  }
  if (limit !== '') await writeFile(at('limit'), `${limit}\n`, { mode });
  return [...told, ...(limit === '' ? [] : ['--limit', '@limit']), '-i', 'inventory', 'site.yml'];
};
