import { isObject, type ImportKeys, type Rules } from '../keys.ts';
import { withoutFolders } from '../paths.ts';
import { withoutIdle } from './ansible.ts';
import { file } from './file.ts';
import { commonOf, commonRules, type ImportGuest, type MadeProvisioners, type ProvisionerKind } from './kinds.ts';
import { powershellRules } from './powershell.ts';
import { envOf, folderOf, shell } from './shell.ts';
import { keysOfShellLocal } from './shell-local.ts';

/** The value with the folder of the template taken away from the texts in it. */
const localised = (value: unknown): unknown => {
  if (typeof value === 'string') return withoutFolders(value);
  if (Array.isArray(value)) return value.map(localised);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, localised(inner)]));
};

// Packer decodes a text as a boolean and a number where one is due, and a text alone as a list of one.
const flags: readonly string[] = [
  ...[
    'bootstrap',
    'clean_staging_directory',
    'disable',
    'disable_sudo',
    'galaxy_force_install',
    'galaxy_force_with_deps',
  ],
  ...[
    'ignore_exit_codes',
    'no_exit_on_failure',
    'prevent_sudo',
    'skip_bootstrap',
    'skip_clean_client',
    'skip_clean_node',
  ],
  ...['skip_clean_staging_directory', 'skip_install', 'use_proxy', 'use_pwsh'],
];
const lists: readonly string[] = [
  ...['ansible_env_vars', 'ansible_ssh_extra_args', 'attributes', 'cookbook_paths', 'empty_groups', 'extra_arguments'],
  ...['groups', 'inspec_env_vars', 'inventory_groups', 'module_paths', 'only_on', 'playbook_files', 'playbook_paths'],
  ...['remote_cookbook_paths', 'role_paths', 'run_list', 'scripts'],
];

const numberIn = (text: string): unknown => (/^\d{1,9}$/.test(text) ? Number(text) : text);

/** The value of a key as it would be decoded. */
const decoded = (keys: ImportKeys, key: string): unknown => {
  if (flags.includes(key)) return keys.flag(key);
  if (lists.includes(key)) return keys.list(key)?.map(({ text }) => text);
  if (key === 'valid_exit_codes') return keys.list(key)?.map(({ text }) => numberIn(text));
  return localised(keys.raw(key));
};

// Those ask for the type of the builder by their environment.
const scripts = ['powershell', 'shell-local', 'windows-shell'];
const environment = ['env', 'environment_vars'];

/** Keys that stay as they are, under a type that imaged has too. */
const same = (type: string, rules?: Rules): ProvisionerKind => ({
  ...(rules === undefined ? {} : { rules }),
  make: (keys, guest) => {
    const isScript = scripts.includes(type);
    const own: MadeProvisioners = keys
      .names()
      .filter((key) => !Object.hasOwn(commonRules, key) && !key.startsWith('_') && keys.raw(key) !== undefined)
      .filter((key) => !isScript || !environment.includes(key))
      .filter((key) => rules === undefined || (rules[key] === 'read' && !['remote_path', 'pause_after'].includes(key)))
      .map((key) => ({ key, value: decoded(keys, key), from: keys.at(key) }));
    const kept =
      type === 'ansible' ? withoutIdle(own, guest) : type === 'shell-local' ? keysOfShellLocal(own, keys, guest) : own;
    const folder = type === 'powershell' ? folderOf(keys, guest) : [];
    return [[...commonOf(keys, type), ...kept, ...folder, ...(isScript ? envOf(keys, guest) : [])]];
  },
});

const named = [
  ...['ansible', 'ansible-local', 'breakpoint', 'chef-client', 'chef-solo', 'converge', 'inspec'],
  ...['puppet-masterless', 'puppet-server', 'salt-masterless', 'shell-local', 'windows-shell'],
];

/** Scripts on the host, which are a post-processor too. */
export const shellLocal = (keys: ImportKeys, guest: ImportGuest): MadeProvisioners =>
  same('shell-local').make(keys, guest).flat();

/** Packer's sleep: nothing but a pause. */
const sleep: ProvisionerKind = {
  rules: { ...commonRules, duration: 'read' },
  make: () => [],
  pauses: ['pause_before', 'duration'],
};

/** Every type of provisioner of Packer's. */
export const provisionerKinds: Readonly<Record<string, ProvisionerKind>> = {
  shell,
  file,
  sleep,
  powershell: { ...same('powershell', powershellRules), pauses: ['pause_after'] },
  'windows-restart': same('reboot'),
  ...Object.fromEntries(named.map((type) => [type, same(type)])),
};
