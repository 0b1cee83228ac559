import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseBootCommand } from '../src/packer/boot-command.ts';
import { atBestMs } from './fixtures/at-best.ts';

const strokes = (text: string) => {
  const { strokes, parseErrors } = parseBootCommand(text);
  assert.deepEqual(
    parseErrors.map((parseError) => parseError.message),
    [],
  );
  return strokes;
};

const typed = (text: string) => strokes(text).map((stroke) => ('type' in stroke ? stroke.type : '?')).join(''); // prettier-ignore

const parseErrors = (text: string) => parseBootCommand(text).parseErrors.map((parseError) => parseError.message);

test('text is typed one code point at a time, and a newline is Enter', () => {
  assert.deepEqual(strokes('aé𝄞\n'), [{ type: 'a' }, { type: 'é' }, { type: '𝄞' }, { type: '\r' }]);
});

test('a wait is a second, whole seconds, or a duration as Go has it', () => {
  assert.deepEqual(strokes('<wait><wait5><wait300ms><wait1.5h><wait1m20s><wait10ns>'), [
    { waitMs: 1000 },
    { waitMs: 5000 },
    { waitMs: 300 },
    { waitMs: 5_400_000 },
    { waitMs: 80_000 },
    { waitMs: 1 },
  ]);
});

test('every special key of Packer has bytes or says that a serial line has none for it', () => {
  assert.equal(typed('<bs><del><enter><return><esc><tab><spacebar>'), '\x7f\x1b[3~\r\r\x1b\t ');
  assert.equal(typed('<up><down><right><left>'), '\x1b[A\x1b[B\x1b[C\x1b[D');
  assert.equal(typed('<insert><home><end><pageUp><pageDown>'), '\x1b[2~\x1b[1~\x1b[4~\x1b[5~\x1b[6~');
  assert.equal(typed('<f1><f4><f5><f6><f10><f11><f12>'), '\x1bOP\x1bOS\x1b[15~\x1b[17~\x1b[21~\x1b[23~\x1b[24~');
  for (const key of ['menu', 'leftSuper', 'rightCommandOn', 'leftOption', 'rightOptionOff'])
    assert.match(parseErrors(`<${key}>`).join(), /has no form on a serial line/, key);
  for (const key of ['leftAlt', 'rightCtrl', 'leftShift'])
    assert.match(parseErrors(`<${key}>`).join(), /does nothing/, key);
});

test('keys, On and Off are told by their letters whatever their capitals; wait is not', () => {
  assert.equal(typed('<ENTER><EnterOn><enteroff><PAGEup><LEFTctrlON>c<leftCTRLoff>c'), '\r\r\x1b[5~\x03c');
  assert.match(parseErrors('<Wait5>').join(), /did you mean <wait>/);
});

test('modifiers change what is typed while they are held', () => {
  assert.equal(typed('<leftCtrlOn>cC[ <leftCtrlOff>c'), '\x03\x03\x1b\0c');
  assert.equal(typed('<leftAltOn>x<up><leftAltOff>x'), '\x1bx\x1b\x1b[Ax');
  assert.equal(typed('<leftShiftOn>abc1;<tab><leftShiftOff>a'), 'ABC!:\x1b[Za');
  assert.equal(typed('<leftCtrlOn><rightAltOn>d'), '\x1b\x04');
  assert.match(parseErrors('ab<leftCtrlOn>1').join(), /^line 1, column 15: ctrl and "1" have no form/);
  assert.match(parseErrors('<leftCtrlOn><leftAltOn><del>').join(), /ctrl and <del>/);
});

test('one character is held by <xOn>, which types it once', () => {
  assert.equal(typed('<aOn><aOff><<On><>oN><>Off>'), 'a<>');
});

test('the text <enter> is typed as Packer types it, with <<On><<Off>', () => {
  assert.equal(typed('<<On><<Off>enter>'), '<enter>');
});

test('what looks like a token and is none is a mistake with its place and the nearest key', () => {
  assert.deepEqual(parseErrors('ok\n <wait1.5> <ctrl-c> <f13> <entr>').map((message) => /^[^"]*"[^"]*"/.exec(message)?.[0]), [
    'line 2, column 2: "<wait1.5>"',
    'line 2, column 12: "<ctrl-c>"',
    'line 2, column 21: "<f13>"',
    'line 2, column 27: "<entr>"',
  ]); // prettier-ignore
  assert.match(parseErrors('<entr>').join(), /did you mean <enter>\?/);
  assert.match(parseErrors('<wait 5>').join(), /did you mean <wait>, <wait5> or <wait500ms>\?/);
  assert.match(parseErrors('<wait05>').join(), /is not a key/);
  assert.deepEqual(parseBootCommand('é𝄞<foo>').parseErrors[0]?.place, { offset: 2, line: 1, column: 3 });
});

test('a known token with a blank in it is a mistake with its place, and other words between < and > are text', () => {
  for (const token of ['<wait10 >', '< wait5>', '<wait10 s>', '<enter >', '< ESC>', '<leftCtrlOn >', '<f1  >'])
    assert.match(parseErrors(`ab${token}`).join(), /^line 1, column 3: "<.*>" is not a key: did you mean </, token);
  for (const text of ['<EOF >', '<waiting for it>', '<EOF >/etc/x', '< EOF>', '<on >']) assert.equal(typed(text), text);
});

test('an expression of HCL2 is a mistake with its place, and those of a shell are text', () => {
  const [wrong] = parseErrors('a${var.root_password}<enter>');
  assert.match(
    wrong ?? '',
    /^line 1, column 2: "\$\{var\.root_password\}" is not filled in.* write \{\{ root_password \}\}/,
  );
  for (const text of ['${local.ip}', '${upper(var.x)}', '${ build.ID }', '${source.name', '${path.root}/x'])
    assert.match(parseErrors(text).join(), /HCL2/, text);
  for (const text of ['${var}', '$var.x', '${x:-var.y}', '$(var.x)', '${variable%.x}']) assert.equal(typed(text), text);
  assert.equal(typed('<$On><$Off>{var.x}'), '${var.x}');
});

test('a wait that is nothing or negative is a mistake', () => {
  assert.match(parseErrors('<wait0>').join(), /not a positive wait/);
  assert.match(parseErrors('<wait-5s>').join(), /not a positive wait/);
  assert.match(parseErrors('<wait99999999h>').join(), /too long/);
});

test('a "<" of a shell is typed as it stands', () => {
  for (const text of ['a < b > c', 'cat <<EOF', '<', '<>', '< enter >', '</dev/null>out', '2<&1', '<a b>', '<1>'])
    assert.equal(typed(text), text);
});

test('expect waits for a pattern, two minutes unless told, and its regular expression is checked', () => {
  assert.deepEqual(strokes('<expect "login: $" 90s>r<expect "a\\"b\\\\d>">'), [
    { expect: 'login: $', withinMs: 90_000 },
    { type: 'r' },
    { expect: 'a"b\\\\d>', withinMs: 120_000 },
  ]);
  assert.match(parseErrors('<expect "(" 5s>').join(), /not a regular expression/);
  assert.match(parseErrors('<expect "x" soon>').join(), /not a time/);
  assert.match(parseErrors('<expect x>').join(), /did you mean <expect "regex" 90s>/);
  assert.match(parseErrors('<expect "">').join(), /empty pattern/);
});

test('what Packer templates for Debian and OpenBSD hold is typed as it is meant', () => {
  const debian =
    '<esc><wait>auto preseed/url=http://{{ .HTTPIP }}:{{ .HTTPPort }}/preseed.cfg netcfg/get_hostname={{ .Name }}<enter>';
  assert.equal(strokes(debian).length, debian.length - '<esc><wait><enter>'.length + 3);
  assert.equal(
    typed('S<enter>cat <<EOF >disklabel<enter>/ 1G-* 95%<enter>EOF<enter>'),
    'S\rcat <<EOF >disklabel\r/ 1G-* 95%\rEOF\r',
  );
});

test('a command of the greatest length is parsed in under two seconds, whatever it holds', async () => {
  for (const piece of ['<', '<expect "', '<a', '<wait1', 'x', '<foo>', '<leftCtrlOn>1', '<wait1m1m1m1m1m1m1m']) {
    const ms = await atBestMs(2000, () => {
      const begun = performance.now();
      parseBootCommand(piece.repeat(Math.floor((64 * 1024) / piece.length)));
      return performance.now() - begun;
    });
    assert.ok(ms <= 2000, `${piece} took ${ms} ms`);
  }
  assert.match(parseErrors('x'.repeat(65_537)).join(), /65536 is the most/);
});
