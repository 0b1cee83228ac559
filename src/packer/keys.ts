import { shiftedForm } from '../base/machine/us-keyboard.ts';

/**
 * What a key of Packer's boot_command sends on a serial line. Cursor and function keys are a VT220's, as vmd's and
 * QEMU's guests expect of a terminal; backspace is DEL, which OpenBSD and Linux have as their erase character.
 */
const sequences = {
  bs: '\x7f',
  del: '\x1b[3~',
  enter: '\r',
  return: '\r',
  esc: '\x1b',
  tab: '\t',
  f1: '\x1bOP',
  f2: '\x1bOQ',
  f3: '\x1bOR',
  f4: '\x1bOS',
  f5: '\x1b[15~',
  f6: '\x1b[17~',
  f7: '\x1b[18~',
  f8: '\x1b[19~',
  f9: '\x1b[20~',
  f10: '\x1b[21~',
  f11: '\x1b[23~',
  f12: '\x1b[24~',
  up: '\x1b[A',
  down: '\x1b[B',
  right: '\x1b[C',
  left: '\x1b[D',
  spacebar: ' ',
  insert: '\x1b[2~',
  home: '\x1b[1~',
  end: '\x1b[4~',
  pageUp: '\x1b[5~',
  pageDown: '\x1b[6~',
} as const;

export type Modifier = 'ctrl' | 'alt' | 'shift';

export type PackerKey =
  | { readonly name: string; readonly sends: string }
  | { readonly name: string; readonly holds: Modifier }
  | { readonly name: string; readonly hasNoSerialForm: true };

const modifiers = {
  leftCtrl: 'ctrl',
  rightCtrl: 'ctrl',
  leftAlt: 'alt',
  rightAlt: 'alt',
  leftShift: 'shift',
  rightShift: 'shift',
} as const;

const others = ['menu', 'leftSuper', 'rightSuper', 'leftCommand', 'rightCommand', 'leftOption', 'rightOption'];

const all: readonly PackerKey[] = [
  ...Object.entries(sequences).map(([name, sends]) => ({ name, sends })),
  ...Object.entries(modifiers).map(([name, holds]) => ({ name, holds })),
  ...others.map((name) => ({ name, hasNoSerialForm: true as const })),
];

export const keyNames = all.map((key) => key.name);

const byLowerName = new Map(all.map((key) => [key.name.toLowerCase(), key]));

/** The key of that name, whatever its capitals. */
export const keyNamed = (name: string): PackerKey | undefined => byLowerName.get(name.toLowerCase());

/** What a character sends while modifiers are held; undefined when a serial line has no form for it. */
export const typedWith = (character: string, held: ReadonlySet<Modifier>): string | undefined => {
  // Packer's drivers assume a US keyboard.
  const other = held.has('shift') ? shiftedForm(character) : undefined;
  const upper = held.has('shift') ? character.toUpperCase() : character;
  const base = other ?? (character === '\n' ? '\r' : upper);
  const code = base.toUpperCase().codePointAt(0) ?? 0;
  const isControllable = base === '?' || base === ' ' || (code >= 0x40 && code <= 0x5f);
  if (held.has('ctrl') && !isControllable) return undefined;
  const sent = !held.has('ctrl') ? base : base === '?' ? '\x7f' : String.fromCodePoint(code & 0x1f);
  return held.has('alt') ? `\x1b${sent}` : sent;
};

/** What a key sends while modifiers are held; undefined when a serial line has no form for it. */
export const pressedWith = (name: string, sends: string, held: ReadonlySet<Modifier>): string | undefined => {
  if (name === 'spacebar') return typedWith(' ', held);
  if (held.has('ctrl')) return undefined;
  const sent = name === 'tab' && held.has('shift') ? '\x1b[Z' : sends;
  return held.has('alt') ? `\x1b${sent}` : sent;
};
