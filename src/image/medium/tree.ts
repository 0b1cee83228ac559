/** A file that a medium is to hold. */
export type MediumFile = {
  /** Below the root of the medium: `drivers/net.inf`. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
};

export type MediumFolder<F extends MediumFile> = {
  /** Empty: the root. */
  readonly name: string;
  /** Its parent's place in the list; the root is its own. */
  readonly parent: number;
  /** The places of its own folders, in the order of their names. */
  readonly folders: readonly number[];
  /** In the order of their names. */
  readonly files: readonly F[];
};

const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

/** The last part of a path. */
export const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

const byName = (one: string, other: string): number => (nameOf(one) < nameOf(other) ? -1 : 1);

/** Every folder that the files need, level by level with the root first, as a path table has them (ECMA-119, 6.9.1). */
export const foldersOf = <F extends MediumFile>(files: readonly F[]): readonly MediumFolder<F>[] => {
  const paths = new Set<string>(['']);
  for (const { path } of files)
    for (let folder = parentOf(path); !paths.has(folder); folder = parentOf(folder)) paths.add(folder);
  const ordered = [''];
  for (let at = 0; at < ordered.length; at++) {
    const inside = [...paths].filter((path) => path !== '' && parentOf(path) === ordered[at]);
    ordered.push(...inside.sort(byName));
  }
  return ordered.map((folder) => ({
    name: nameOf(folder),
    parent: ordered.indexOf(parentOf(folder)),
    folders: ordered.flatMap((path, at) => (at > 0 && parentOf(path) === folder ? [at] : [])),
    files: files.filter(({ path }) => parentOf(path) === folder).sort((one, other) => byName(one.path, other.path)),
  }));
};
