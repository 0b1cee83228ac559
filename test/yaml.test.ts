import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { readDocument, withPlaces } from '../src/base/document/document.ts';
import { documentBounds, type DocumentSource } from '../src/base/document/source.ts';
import { Fault } from '../src/base/fault.ts';
import { runs } from './fixtures/long.ts';

const megabyte = 1024 * 1024;

const sourceOf = (text: string, form: DocumentSource['form'] = 'YAML'): DocumentSource => ({
  form,
  bytes: Buffer.from(text),
  mostBytes: 4 * megabyte,
  name: 'The body',
  code: 'bad_request',
});

const read = (text: string) => readDocument(sourceOf(text));

/** The first place that is told of a text which is refused: `pointer line:column message`. */
const refusalOf = async (text: string): Promise<string> => {
  try {
    await read(text);
  } catch (error) {
    assert.ok(error instanceof Fault, String(error));
    const [first] = error.facts.errors ?? [];
    assert.ok(first !== undefined);
    const { pointer, line = 0, column = 0, message } = first;
    return `${pointer} ${line}:${column} ${message}`;
  }
  return 'taken';
};

test('YAML 1.2 is read by its core schema: what was a boolean or a number in YAML 1.1 is text', async () => {
  assert.deepEqual(
    await read(
      'a: yes\nb: 0o17\nc: 1:30\nd: ~\ne: 2001-01-01\nf: true\ng: [1, .5, 0x1F]\nh: |\n  one\n  two\n7.10: x\n"y": !',
    ).catch(() => undefined),
    undefined,
  );
  assert.deepEqual(await read('a: yes\nb: 0o17\nc: 1:30\nd: ~\ne: 2001-01-01\nf: true\ng: [1, .5, 0x1F]\n7.10: x\n'), {
    ...{ a: 'yes', b: 15, c: '1:30', d: null, e: '2001-01-01', f: true, g: [1, 0.5, 31] },
    '7.10': 'x',
  });
  assert.deepEqual(await read('h: |\n  one\n  two\ni: >-\n  one\n  two\n'), { h: 'one\ntwo\n', i: 'one two' });
  assert.equal(await read('# nothing\n'), undefined);
  assert.equal(await read(''), undefined);
});

test('an alias is what its anchor is, the last of that name before it', async () => {
  assert.deepEqual(await read('a: &x [1, &y 2]\nb: *x\nc: &y 3\nd: *x\ne: *y\n'), {
    ...{ a: [1, 2], b: [1, 2], c: 3, d: [1, 2], e: 3 },
  });
});

test('whatever is JSON is read as YAML to the same value', async () => {
  await fc.assert(
    fc.asyncProperty(fc.jsonValue({ maxDepth: 5 }), async (value) => {
      const json = JSON.stringify(value);
      if (json.includes('__proto__') || json.includes('<<') || /[:[,]-0[,}\]]|^-0$/.test(json)) return;
      if (value === null) return;
      const asJson = await readDocument(sourceOf(json, 'JSON')).catch(() => 'refused');
      if (asJson === 'refused') return;
      assert.deepEqual(await read(stringify(JSON.parse(json))), asJson);
    }),
    runs(1000),
  );
});

test('what YAML has and a document may not hold is refused at its place', async () => {
  const cases: Record<string, string> = {
    'a: 1\nb: !!str 2\n': ' 2:4 has a tag',
    'a: !ruby/object {}\n': ' 1:4 has a tag',
    '%YAML 1.1\n---\na: 1\n': ' 1:1 has a directive',
    'a: 1\n---\nb: 2\n': ' 2:1 is a second document',
    'base: &b {x: 1}\na:\n  <<: *b\n': '/a/<< 3:3 is a merge key',
    'a: 1\nb: {c: 1, c: 2}\n': '/b/c 2:11 appears twice',
    'a: 1\n"a": 2\n': '/a 2:1 appears twice',
    'a: 1\n1: x\n0x1: y\n? [x]\n: y\n': ' 4:3 has a key that is no text',
    'a:\n  __proto__: 1\n': '/a/__proto__ 2:3 is no key',
    'a: &x {b: *x}\n': '/a/b 1:11 is an alias of what it stands in',
    'a: [*x]\n': '/a/0 1:5 is an alias of "x"',
    'a: .nan\n': '/a 1:4 is .nan',
    'a: -.inf\n': '/a 1:4 is -.inf',
    'a: 1e999\n': '/a 1:4 is 1e999, which is larger',
    'a: -0\n': '/a 1:4 is -0',
    'a: "\\ud83d"\n': '/a 1:4 holds half of a character',
    'a: {"\\ude00": 1}\n': '/a 1:5 has a key that holds half of a character',
    'a:\n  - b: [1, 2\n    c\n': '/a/0/c',
    'a: "x\n': '/a',
    'x:\n  a: b: c\n': '/x/a',
    '\ta: 1\n': '',
    'a: 1\n b: 2\n': '/a',
    'a: @x\n': '/a 1:4',
    '"a"b: 1': '',
  };
  for (const [text, begin] of Object.entries(cases)) {
    const told = await refusalOf(text);
    assert.notEqual(told, 'taken', text);
    assert.ok(told.startsWith(begin), `${JSON.stringify(text)}: ${told}, not ${begin}`);
    assert.doesNotMatch(told, / 0:0 /, text);
  }
});

const many = (count: number, line: (at: number) => string) =>
  Array.from({ length: count }, (_, at) => line(at)).join('');

test('bombs are refused in bounded processor time: aliases, depth, length, keys', async () => {
  const lol = many(20, (at) => `l${at + 1}: &l${at + 1} [${Array.from({ length: 10 }, () => `*l${at}`).join()}]\n`);
  const bombs: Record<string, string> = {
    'a billion laughs': `l0: &l0 [x, x]\n${lol}`,
    'a long text many times': `a: &a "${'x'.repeat(megabyte)}"\nb: [${Array.from({ length: 1000 }, () => '*a').join()}]\n`,
    'lists in one line': '- '.repeat(2 * megabyte),
    'lists in brackets': '['.repeat(4 * megabyte),
    'keys that are asked for': '? '.repeat(2 * megabyte),
    'objects in braces': '{a: '.repeat(megabyte),
    anchors: '&a '.repeat(megabyte),
    tags: '!a '.repeat(megabyte),
    comments: '#\n'.repeat(2 * megabyte),
    'empty lines in brackets': `[${'\n'.repeat(4 * megabyte - 8)}`,
    quotes: '"'.repeat(4 * megabyte),
    documents: '---\n'.repeat(megabyte),
    'many keys': many(200_000, (at) => `k${at}: 1\n`),
    'a list with many entries': `[${'a,'.repeat(2_000_000)}]`,
    'one long key': `${'k'.repeat(1001)}: 1`,
    'a deep document by indentation': many(100, (at) => `${' '.repeat(at)}a:\n`),
    'aliases that nest':
      many(60, (at) => `a${at + 1}: &a${at + 1} {x: ${at === 0 ? '1' : `*a${at}`}}\n`) + 'b: [[[[[*a60]]]]]\n',
    'escapes without end': `"${'\\'.repeat(4 * megabyte - 8)}`,
  };
  for (const [name, text] of Object.entries(bombs)) {
    const before = process.cpuUsage();
    assert.notEqual(await refusalOf(text), 'taken', name);
    const { user, system } = process.cpuUsage(before);
    const took = (user + system) / 1000;
    assert.ok(took < 10_000, `${name} took ${took} ms of processor`);
  }
});

test('a document at the bounds is taken, and the event loop has its turns while it is read', async () => {
  const line = (at: number) => `k${at}: {a: 1, b: [x, y, z], c: "q"} # ${at}\n`;
  const text = many(1900, line);
  assert.ok(documentBounds.values > 1900 * 7);
  let rounds = 0;
  const count = setInterval(() => (rounds += 1), 0);
  await read(text);
  clearInterval(count);
  assert.ok(rounds > 0);
});

test('the place of a pointer is where its member begins, in both forms; of what is missing, where it belongs', async () => {
  const yaml = 'name: x\nmachine:\n  disks:\n    - size: 1G\n    - &d {size: 2G}\n    - *d\n';
  const json = '{"name": "x",\n "machine": {\n  "disks": [\n   {"size": "1G"},\n   {"size": "2G"}]}}';
  const places = async (form: DocumentSource['form'], text: string, ...pointers: string[]) =>
    (
      await withPlaces(
        pointers.map((pointer) => ({ pointer, message: '' })),
        sourceOf(text, form),
      )
    ).map(({ line, column }) => `${line}:${column}`);
  assert.deepEqual(
    await places('YAML', yaml, '/name', '/machine/disks/1/size', '/machine/disks/2/size', '/machine/memory', '/a', ''),
    ['1:1', '5:11', '5:11', '2:1', '1:1', '1:1'],
  );
  assert.deepEqual(
    await places('JSON', json, '/name', '/machine/disks/1/size', '/machine/disks/0', '/machine/memory', '/a', ''),
    ['1:2', '5:5', '4:4', '2:2', '1:1', '1:1'],
  );
});

test('whatever text is sent, it is a document or a fault with a place', async () => {
  const scraps = [
    'a',
    ':',
    ' ',
    '\n',
    '- ',
    '? ',
    '[',
    ']',
    '{',
    '}',
    ',',
    '&a',
    '*a',
    '!',
    '|',
    '>',
    '"',
    "'",
    '#',
    '%',
    '@',
    '\t',
    '---',
    '...',
    '1',
    '<<',
    '~',
    '\\',
    'é',
    '𝒳',
    '\0',
    '\r',
  ];
  const texts = fc.array(fc.constantFrom(...scraps), { maxLength: 40 }).map((parts) => parts.join(''));
  await fc.assert(
    fc.asyncProperty(texts, async (text) => {
      const told = await refusalOf(text);
      if (told !== 'taken') assert.match(told, / [1-9]\d*:[1-9]\d* \S/, told);
    }),
    runs(3000),
  );
});
