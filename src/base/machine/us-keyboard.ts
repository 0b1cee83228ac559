/** The keys of a US keyboard by QEMU's names (QKeyCode in its QMP reference), and what a character needs of them. */

/** A key that goes down, or up. */
export type KeyMotion = { readonly key: string; readonly motion: 'down' | 'up' };

// The characters of the keys without a letter, and what Shift makes of each.
const plain = "`1234567890-=[]\\;',./";
const shifted = '~!@#$%^&*()_+{}|:"<>?';

/** What Shift makes of the character; undefined where that is no other character of a key without a letter. */
export const shiftedForm = (character: string): string | undefined => shifted[plain.indexOf(character)];

const names: Readonly<Record<string, string>> = {
  ' ': 'spc',
  '\n': 'ret',
  '\r': 'ret',
  '\t': 'tab',
  '`': 'grave_accent',
  '-': 'minus',
  '=': 'equal',
  '[': 'bracket_left',
  ']': 'bracket_right',
  '\\': 'backslash',
  ';': 'semicolon',
  "'": 'apostrophe',
  ',': 'comma',
  '.': 'dot',
  '/': 'slash',
};

/** The key that makes a character, and whether Shift is held with it; undefined when the keyboard has none. */
export const keyOf = (character: string): { readonly key: string; readonly withShift: boolean } | undefined => {
  const at = shifted.indexOf(character);
  const base = plain[at] ?? (/^[A-Z]$/.test(character) ? character.toLowerCase() : character);
  const key = /^[a-z0-9]$/.test(base) ? base : names[base];
  return key === undefined ? undefined : { key, withShift: base !== character };
};
