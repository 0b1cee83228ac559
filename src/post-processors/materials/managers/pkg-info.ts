import { readLines, type GuestPackage, type PackagesRead } from '../package.ts';

// packages-specs(7): a stem, a version that begins with the first digit behind a dash, and flavours.
const row =
  /^(?<name>[A-Za-z0-9_][\w.+]*(?:-[A-Za-z_+][\w.+]*)*)-(?<version>\d[\w.+]{0,127})(?:-(?<flavour>[A-Za-z_][\w-]{0,127}))?$/;

const mostCharacters = 255;

const read = (line: string): GuestPackage | undefined => {
  const { name, version, flavour } = (line.length > mostCharacters ? undefined : row.exec(line)?.groups) ?? {};
  if (name === undefined || version === undefined) return undefined;
  return { manager: 'pkg_info', name, version, ...(flavour === undefined ? {} : { flavour }) };
};

/** What `pkg_info -q` of OpenBSD prints: one name of a package to a line. */
export const readPkgInfo = (lines: readonly string[]): PackagesRead => readLines(lines, read);
