import { quoted } from '../base/text/nearest.ts';

/** Packer's types of provisioners that are not there, and what to write. */
const packerTypes: Readonly<Record<string, string>> = {
  'windows-shell': 'there are no guests that run it: use "shell" or "powershell" over ssh',
};

const hasType = (given: unknown): given is { readonly type: unknown } =>
  typeof given === 'object' && given !== null && 'type' in given;

/** What to write in place of a provisioner of Packer's that is not there; undefined when it is none of those. */
export const insteadOfProvisioner = (given: unknown): string | undefined => {
  if (!hasType(given) || typeof given.type !== 'string' || !Object.hasOwn(packerTypes, given.type)) return undefined;
  return `has Packer's type ${quoted(given.type)}: ${packerTypes[given.type]}`;
};
