import { readLines, type GuestPackage, type PackagesRead } from '../package.ts';

// Debian Policy 5.6.1 (names), 5.6.12 (versions), and dpkg-architecture(1).
const row =
  /^(?<status>[uihrp][nciHUFWt][ R])\t(?<name>[a-z0-9][a-z0-9+.-]{1,127})\t(?<version>(?:\d{1,9}:)?[A-Za-z0-9.+~-]{1,255})\t(?<arch>[a-z0-9-]{1,40})\t(?<source>[a-z0-9][a-z0-9+.-]{1,127})\t(?<sourceVersion>(?:\d{1,9}:)?[A-Za-z0-9.+~-]{1,255})$/;

const read = (line: string): GuestPackage | 'skipped' | undefined => {
  const { status, name, version, arch, source, sourceVersion } = row.exec(line)?.groups ?? {};
  if (status === undefined || name === undefined || version === undefined || arch === undefined) return undefined;
  // The second letter is what the package is: of one that was removed its configuration may have stayed.
  if (!['i', 'W', 't'].includes(status[1] ?? '')) return 'skipped';
  const isOwnSource = source === name && sourceVersion === version;
  return {
    ...{ manager: 'dpkg', name, version, arch },
    ...(source === undefined || sourceVersion === undefined || isOwnSource
      ? {}
      : { source: { name: source, version: sourceVersion } }),
  };
};

/** What dpkg-query(1) prints: status, name, version, architecture, name and version of the source; tabs between them. */
export const readDpkg = (lines: readonly string[]): PackagesRead => readLines(lines, read);
