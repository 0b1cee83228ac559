/** The package managers whose lists are read, by the name of their part of a guest's listing. */
export type PackageManager = 'pkg_info' | 'dpkg' | 'apk' | 'rpm';

/** A package as the guest lists it. Every text has the form that its package manager prescribes. */
export type GuestPackage = {
  readonly manager: PackageManager;
  readonly name: string;
  /** Whole, as the package manager compares it: `1:2.4.47-2`, `8.4.8p0v1`. */
  readonly version: string;
  readonly arch?: string;
  /** Of OpenBSD: `no_x11`, several with dashes between them. */
  readonly flavour?: string;
  /** Of RPM, where it has one that counts. */
  readonly epoch?: string;
  /** What it was built from, where that has another name or version. */
  readonly source?: { readonly name: string; readonly version?: string };
  /** As the package says it: an SPDX expression, or words. */
  readonly licence?: string;
};

/** What was found in the lines of one package manager. Lines of another form are counted, and not taken. */
export type PackagesRead = { readonly packages: readonly GuestPackage[]; readonly refused: number };

/** Reads line by line; undefined: the line has another form, `skipped`: it tells of nothing that is installed. */
export const readLines = (
  lines: readonly string[],
  read: (line: string) => GuestPackage | 'skipped' | undefined,
): PackagesRead => {
  const found = lines.map(read);
  return {
    packages: found.filter((one) => one !== undefined && one !== 'skipped'),
    refused: found.filter((one) => one === undefined).length,
  };
};

const licenceShape = /^[\x20-\x7e]{1,500}$/;

/** A licence as a package says it; nothing where it says none, or what is no line of plain text. */
export const licenceOf = (text: string | undefined): Pick<GuestPackage, 'licence'> =>
  text !== undefined && licenceShape.test(text) && text !== '(none)' ? { licence: text } : {};
