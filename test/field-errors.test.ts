import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '../src/base/fault.ts';
import { keyOfSegment, pointerTo } from '../src/base/json/pointer.ts';
import { fieldErrors, withPlaces, withWords } from '../src/base/field-errors.ts';

const saying = (...places: readonly (readonly [pointer: string, message: string])[]): string => {
  const wrong = fieldErrors();
  for (const place of places) wrong.add(...place);
  return wrong.fault('template_invalid', 'It is wrong').message;
};

test('the first wrong place is told in a sentence with one mark at its end, and the others are counted', () => {
  assert.equal(saying(['/a', 'is no text']), 'It is wrong: /a: is no text.');
  assert.equal(saying(['', 'is no object']), 'It is wrong: is no object.');
  assert.equal(saying(['/a', 'did you mean "b"?']), 'It is wrong: /a: did you mean "b"?');
  assert.equal(saying(['/a', 'x'], ['/b', 'y']), 'It is wrong: /a: x. There is 1 more such place.');
  assert.equal(saying(['/a', 'x'], ['/b', 'y'], ['/c', 'z']), 'It is wrong: /a: x. There are 2 more such places.');
});

test('a place of a file has one colon behind it, the file as a whole too', () => {
  const wrong = fieldErrors();
  wrong.add('/template', 'has two machines');
  const fault = wrong.fault('template_invalid', 'It is wrong');
  const moved = (to: string) => (withPlaces(fault, () => to) as Error).message;
  assert.equal(moved('template.json:/machines'), 'It is wrong: template.json:/machines: has two machines.');
  assert.equal(moved('template.json:'), 'It is wrong: template.json: has two machines.');
});

test('a wrong place keeps its file, line and column where its pointer or its words change', () => {
  const wrong = fieldErrors();
  const place = { file: 'a.pkr.hcl', line: 2, column: 3 };
  wrong.add('/a', 'is a secret', place);
  const hidden = withWords(wrong.fault('template_invalid', 'It is wrong'), (words) => words.replace('secret', '…'));
  assert.deepEqual(hidden.facts.errors, [{ pointer: '/a', message: 'is a …', ...place }]);
  const moved = withPlaces(hidden, (pointer) => `/template${pointer}`);
  assert.ok(moved instanceof Fault);
  assert.deepEqual(moved.facts.errors, [{ pointer: '/template/a', message: 'is a …', ...place }]);
});

test('a key comes back from its pointer as it was, whatever it has of ~ and /', () => {
  for (const key of ['a/b', '~1', '~01', '/~', 'plain', '']) {
    const [, ...segments] = pointerTo([key]).split('/');
    assert.deepEqual(segments.map(keyOfSegment), [key]);
  }
});
