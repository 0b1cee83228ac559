import { licenceOf, readLines, type GuestPackage, type PackagesRead } from '../package.ts';

// https://rpm.org/docs/latest/manual/spec.html: letters, digits and a few signs.
const row =
  /^(?<name>[A-Za-z0-9_][\w.+-]{0,127})\t(?<epoch>\d{1,9}|\(none\))\t(?<version>[\w.+~^]{1,127})\t(?<release>[\w.+~^]{1,127})\t(?<arch>[\w-]{1,40}|\(none\))\t(?<licence>[^\t]*)$/;

const read = (line: string): GuestPackage | 'skipped' | undefined => {
  const { name, epoch, version, release, arch, licence } = row.exec(line)?.groups ?? {};
  if (name === undefined || version === undefined || release === undefined || arch === undefined) return undefined;
  // A key that RPM trusts stands among the packages.
  if (name === 'gpg-pubkey') return 'skipped';
  return {
    ...{ manager: 'rpm', name, version: `${version}-${release}` },
    ...(arch === '(none)' ? {} : { arch }),
    ...(epoch === undefined || epoch === '0' || epoch === '(none)' ? {} : { epoch }),
    ...licenceOf(licence),
  };
};

/** What rpm(8) prints: name, epoch, version, release, architecture, licence; tabs between them. */
export const readRpm = (lines: readonly string[]): PackagesRead => readLines(lines, read);
