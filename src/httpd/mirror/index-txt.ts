/**
 * The `index.txt` of a folder: the names that are signed, and the machine's own, one a line as `ls -l` writes them. The
 * installer takes the last word of each line (install.sub), so what is not signed is not even a choice.
 */
export const indexOf = (signed: Iterable<string>, own: readonly string[]): string =>
  [...new Set([...signed, 'SHA256', 'SHA256.sig', 'index.txt', ...own])]
    .toSorted()
    .map((name) => `-rw-r--r--  1 0  0  - ${name}\n`)
    .join('');
