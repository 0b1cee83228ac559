/** Where a mirror of OpenBSD begins on an endpoint, as on every mirror of OpenBSD. */
export const mirrorRoot = 'pub/OpenBSD/';

/** The folder of a release's sets: of `7.9`, or of `snapshots`. */
export const setsFolder = (release: string): string => `${mirrorRoot}${release}/amd64`;

/** The files of a folder that say what else is in it: never among the files that SHA256.sig names. */
export const sumsFile = 'SHA256';
export const signedSumsFile = 'SHA256.sig';
export const indexFile = 'index.txt';

/** A line of index.txt as ftp servers print it: the installer reads the name at its end. */
export const indexLine = (name: string): string => `-rw-r--r--  1 0  0  0 Jan  1  1970 ${name}`;

/** The names in an index.txt: what the installer takes for one in each line (install.sub, `install_http`). */
export const namesInIndex = (index: string): readonly string[] =>
  index.split('\n').flatMap((line) => /^.* ([a-zA-Z][a-zA-Z0-9._-]+)$/.exec(line)?.[1] ?? []);

/** Whose key signs a folder: of the sets, or of the patches for syspatch(8). */
export type Signer = 'base' | 'syspatch';

/** The name of a public key of OpenBSD (signify(1)): `openbsd-79-base.pub`. */
export const keyName = (digits: string, signer: Signer): string => `openbsd-${digits}-${signer}.pub`;

/** The digits in the name of a public key, such as `79`; undefined where it is no key of this signer. */
export const digitsOfKey = (name: string, signer: Signer): string | undefined => {
  const [, digits, kind] = /^openbsd-(\d{2,3})-([a-z]+)\.pub$/.exec(name) ?? [];
  return kind === signer ? digits : undefined;
};
