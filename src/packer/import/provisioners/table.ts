import { isObject, type Keys } from '../keys.ts';
import { withoutFolders } from '../paths.ts';
import { withoutIdle } from './ansible.ts';
import { file } from './file.ts';
import { commonOf, commonRules, type Guest, type Made, type ProvisionerKind } from './kinds.ts';
import { envOf, shell } from './shell.ts';

/** The value with the folder of the template taken away from the texts in it. */
const localised = (value: unknown): unknown => {
  if (typeof value === 'string') return withoutFolders(value);
  if (Array.isArray(value)) return value.map(localised);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, localised(inner)]));
};

// Those ask for the type of the builder by their environment.
const scripts = ['powershell', 'shell-local', 'windows-shell'];
const environment = ['env', 'environment_vars'];

/** Keys that stay as they are, under a type that imaged has too. */
const same = (type: string): ProvisionerKind => ({
  make: (keys, guest) => {
    const isScript = scripts.includes(type);
    const own: Made = keys
      .names()
      .filter((key) => !Object.hasOwn(commonRules, key) && !key.startsWith('_') && keys.raw(key) !== undefined)
      .filter((key) => !isScript || !environment.includes(key))
      .map((key) => ({ key, value: localised(keys.raw(key)), from: keys.at(key) }));
    const kept = type === 'ansible' ? withoutIdle(own, guest) : own;
    return [[...commonOf(keys, type), ...kept, ...(isScript ? envOf(keys, guest) : [])]];
  },
});

const named = [
  ...['ansible', 'ansible-local', 'breakpoint', 'chef-client', 'chef-solo', 'converge', 'inspec', 'powershell'],
  ...['puppet-masterless', 'puppet-server', 'salt-masterless', 'shell-local', 'windows-shell'],
];

/** Scripts on the host, which are a post-processor too. */
export const shellLocal = (keys: Keys, guest: Guest): Made => same('shell-local').make(keys, guest).flat();

/** Every type of provisioner of Packer's. */
export const provisionerKinds: Readonly<Record<string, ProvisionerKind>> = {
  shell,
  file,
  'windows-restart': same('reboot'),
  ...Object.fromEntries(named.map((type) => [type, same(type)])),
};
