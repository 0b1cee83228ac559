import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyOf } from '../src/base/machine/us-keyboard.ts';
import { parseBootCommand } from '../src/packer/boot-command.ts';
import { keyNames } from '../src/packer/keys.ts';

const byKeyboard = (text: string) => parseBootCommand(text, { by: 'keyboard' });
const motions = (text: string) =>
  byKeyboard(text)
    .strokes.flatMap((stroke) => ('keys' in stroke ? stroke.keys : []))
    .map(({ key, motion }) => `${motion === 'down' ? '+' : '-'}${key}`)
    .join(' ');

// As they stand on the keys of a US keyboard (ANSI INCITS 154, row by row), with their names in QEMU's QKeyCode.
const rows = [
  ['`1234567890-=', '~!@#$%^&*()_+', 'grave_accent 1 2 3 4 5 6 7 8 9 0 minus equal'],
  ['qwertyuiop[]\\', 'QWERTYUIOP{}|', 'q w e r t y u i o p bracket_left bracket_right backslash'],
  ["asdfghjkl;'", 'ASDFGHJKL:"', 'a s d f g h j k l semicolon apostrophe'],
  ['zxcvbnm,./', 'ZXCVBNM<>?', 'z x c v b n m comma dot slash'],
] as const;

test('every printable character of ASCII has its key on a US keyboard, and no other character has one', () => {
  const known = new Map<string, { readonly key: string; readonly withShift: boolean }>([
    [' ', { key: 'spc', withShift: false }],
    ['\n', { key: 'ret', withShift: false }],
    ['\r', { key: 'ret', withShift: false }],
    ['\t', { key: 'tab', withShift: false }],
  ]);
  for (const [plain, shifted, keys] of rows)
    keys.split(' ').forEach((key, at) => {
      known.set(plain[at] ?? '', { key, withShift: false });
      known.set(shifted[at] ?? '', { key, withShift: true });
    });
  assert.equal(known.size, 95 + 3);
  for (let code = 0; code < 0x3000; code++) {
    const character = String.fromCharCode(code);
    assert.deepEqual(keyOf(character), known.get(character), `U+${code.toString(16)}`);
  }
});

test('shift goes down and up with the characters that need it, unless it is held', () => {
  assert.equal(motions('aA'), '+a -a +shift +a -a -shift');
  assert.equal(motions('<leftShiftOn>a!<leftShiftOff>!'), '+shift +a -a +1 -1 -shift +shift +1 -1 -shift');
  assert.equal(motions('<aOn><aOff><AOn><AOff>'), '+a -a +shift +a -a -shift');
});

test('every key of Packer has its place on the keyboard, alone and held', () => {
  for (const name of keyNames) {
    const [, key = ''] = /^\+(\S+) -\1$/.exec(motions(`<${name}>`)) ?? [];
    assert.match(key, /^[a-z0-9_]+$/, name);
    assert.equal(motions(`<${name}On><${name}Off>`), `+${key} -${key}`);
  }
  assert.equal(
    motions('<leftCtrlOn><leftAltOn><del><leftAltOff><leftCtrlOff>'),
    '+ctrl +alt +delete -delete -alt -ctrl',
  );
  assert.deepEqual(byKeyboard('<f2><wait2>').strokes.at(-1), { waitMs: 2000 });
});

test('a character that is on no key is refused with its place', () => {
  assert.deepEqual(
    byKeyboard('ab\né<enter>ß').parseErrors.map(({ message }) => message),
    ['line 2, column 1: "é" is on no key of a US keyboard', 'line 2, column 9: "ß" is on no key of a US keyboard'],
  );
});
