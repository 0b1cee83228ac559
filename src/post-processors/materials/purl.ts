import type { GuestPackage } from './package.ts';

/** What a guest is called in package URLs: `debian`, `12`. */
export type Distribution = { readonly id: string; readonly version?: string };

/** Everything but letters, digits, `.-_~` and the colon is in percent form (ECMA-427, 5.4). */
const encoded = (text: string): string =>
  encodeURIComponent(text)
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%3A', ':');

const types = { pkg_info: 'bsd', dpkg: 'deb', apk: 'apk', rpm: 'rpm' } as const;

/** Those whose names are in lower case, by the definition of their type. */
const lowered: readonly string[] = ['bsd', 'deb', 'apk'];

/**
 * The package URL of a package (ECMA-427, and https://github.com/package-url/purl-spec/tree/main/types for `apk`, `bsd`, `deb`
 * and `rpm`): qualifiers in the order of their names, none of them empty. Flavours of OpenBSD are no part of the version, so
 * they are a qualifier.
 */
export const purlOf = (
  { manager, name, version, arch, flavour, epoch }: GuestPackage,
  { id, version: release }: Distribution,
): string => {
  const type = types[manager];
  const distro = type === 'bsd' ? release : release === undefined ? id : `${id}-${release}`;
  const qualifiers = Object.entries({ arch, distro, epoch, flavour })
    .filter((pair): pair is [string, string] => pair[1] !== undefined)
    .map(([key, value]) => `${key}=${encoded(value)}`);
  const named = encoded(lowered.includes(type) ? name.toLowerCase() : name);
  const path = `${type}/${encoded(id.toLowerCase())}/${named}@${encoded(version)}`;
  return `pkg:${path}${qualifiers.length === 0 ? '' : `?${qualifiers.join('&')}`}`;
};
