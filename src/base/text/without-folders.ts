/** A word of a command line: a path, or one behind its format, as `qcow2:/work/disk`. */
const pathWord = /^(?<before>[a-z0-9]+:)?\/(?:[^/]*\/)*(?<name>[^/]*)$/;

/** The words of a command line, each path by the name of its file alone: where it lies on the host no reader needs to know. */
export const withoutFolders = (words: readonly string[]): readonly string[] =>
  words.map((word) => word.replace(pathWord, '$<before>$<name>'));
