/** What the tokens of a boot command are on a keyboard, by QEMU's names for its keys: see base/machine/us-keyboard.ts. */

import { keyOf, type KeyMotion } from '../base/machine/us-keyboard.ts';

// As Packer's VNC driver names them; the keys of an Apple keyboard stand where a PC has others.
const named: Readonly<Record<string, string>> = {
  bs: 'backspace',
  del: 'delete',
  enter: 'ret',
  return: 'ret',
  spacebar: 'spc',
  pageUp: 'pgup',
  pageDown: 'pgdn',
  leftCtrl: 'ctrl',
  rightCtrl: 'ctrl_r',
  leftAlt: 'alt',
  rightAlt: 'alt_r',
  leftShift: 'shift',
  rightShift: 'shift_r',
  menu: 'compose',
  leftSuper: 'meta_l',
  rightSuper: 'meta_r',
  leftCommand: 'meta_l',
  rightCommand: 'meta_r',
  leftOption: 'alt',
  rightOption: 'alt_r',
};

const ofMotion = {
  press: ['down', 'up'],
  on: ['down'],
  off: ['up'],
} as const;

type Motion = keyof typeof ofMotion;

const motionsOf = (key: string, motion: Motion): readonly KeyMotion[] =>
  ofMotion[motion].map((each) => ({ key, motion: each }));

/** The motions of a key that a token names; every key of Packer's has its place on the keyboard. */
export const keyMotions = (name: string, motion: Motion): readonly KeyMotion[] =>
  motionsOf(named[name] ?? name, motion);

/** The motions that make a character, with Shift where it needs it and it is not held; undefined when no key makes it. */
export const characterMotions = (
  character: string,
  motion: Motion,
  shift: 'held' | 'free',
): readonly KeyMotion[] | undefined => {
  const found = keyOf(character);
  if (found === undefined) return undefined;
  const own = motionsOf(found.key, motion);
  if (!found.withShift || shift === 'held') return own;
  const [down, up] = motionsOf('shift', 'press');
  return [
    ...(motion === 'off' || down === undefined ? [] : [down]),
    ...own,
    ...(motion === 'on' || up === undefined ? [] : [up]),
  ];
};
