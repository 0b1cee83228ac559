/** The name of an environment variable, as every shell takes it (POSIX, XBD 8.1 and 3.216): a part of a pattern. */
export const variableName = '[A-Za-z_][A-Za-z0-9_]*';

/** A text within single quotes as sh(1) reads it back, and g_shell_parse_argv of GLib, whatever is in it. */
export const inSingleQuotes = (text: string): string => text.replaceAll("'", String.raw`'\''`);

/** A word in single quotes. */
export const singleQuoted = (word: string): string => `'${inSingleQuotes(word)}'`;

/** A word as sh(1) reads it back; one that needs no quotes gets none. */
export const shellQuoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : singleQuoted(word));
