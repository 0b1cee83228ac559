import { indexFile, indexLine, signedSumsFile, sumsFile } from '../../base/openbsd/mirror-layout.ts';

/**
 * The `index.txt` of a folder: the names that are signed, and the machine's own. The installer offers only what it
 * lists, so what is not signed is not even a choice.
 */
export const indexOf = (signed: Iterable<string>, own: readonly string[]): string =>
  [...new Set([...signed, sumsFile, signedSumsFile, indexFile, ...own])]
    .toSorted()
    .map((name) => `${indexLine(name)}\n`)
    .join('');
