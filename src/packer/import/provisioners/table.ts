import { isObject, type Keys } from '../keys.ts';
import { withoutFolders } from '../paths.ts';
import { file } from './file.ts';
import { commonOf, commonRules, type Made, type ProvisionerKind } from './kinds.ts';
import { shell } from './shell.ts';

/** The value with the folder of the template taken away from the texts in it. */
const localised = (value: unknown): unknown => {
  if (typeof value === 'string') return withoutFolders(value);
  if (Array.isArray(value)) return value.map(localised);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, localised(inner)]));
};

/** Keys that stay as they are, under a type that imaged has too. */
const same = (type: string): ProvisionerKind => ({
  make: (keys: Keys) => {
    const own: Made = keys
      .names()
      .filter((key) => !Object.hasOwn(commonRules, key) && !key.startsWith('_') && keys.raw(key) !== undefined)
      .map((key) => ({ key, value: localised(keys.raw(key)), from: keys.at(key) }));
    return [[...commonOf(keys, type), ...own]];
  },
});

const named = [
  ...['ansible', 'ansible-local', 'breakpoint', 'chef-client', 'chef-solo', 'converge', 'inspec', 'powershell'],
  ...['puppet-masterless', 'puppet-server', 'salt-masterless', 'shell-local', 'windows-shell'],
];

/** Every type of provisioner of Packer's. */
export const provisionerKinds: Readonly<Record<string, ProvisionerKind>> = {
  shell,
  file,
  'windows-restart': same('reboot'),
  ...Object.fromEntries(named.map((type) => [type, same(type)])),
};
