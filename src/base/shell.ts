/** A word as sh(1) reads it back, whatever is in it; what needs no quotes gets none. */
export const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'"'"'`)}'`;
