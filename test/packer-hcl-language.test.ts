import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readHcl } from '../src/packer/hcl/read-hcl.ts';
import { around, given, readOne, refusals, valueOf } from './fixtures/hcl.ts';

const heredoc = (marker: string, ...lines: readonly string[]) => `<<${marker}\n${lines.join('\n')}\n`;

/** Expressions and what Packer makes of them. */
const cases: Readonly<Record<string, readonly (readonly [string, unknown])[]>> = {
  'literals, and numbers written without an exponent in texts': [
    ['1', 1],
    ['1.50', 1.5],
    ['12e3', 12_000],
    ['"${1e21} ${1e-7} ${0.1 + 0.2} ${10/4}"', '1000000000000000000000 0.0000001 0.3 2.5'],
    ['true', true],
    ['null', undefined],
    ['"a\\tb\\n\\"\\\\ \\u00e9 \\U0001F600"', 'a\tb\n"\\ é 😀'],
    ['"$${x} %%{y} $x %z $$ 100%"', '${x} %{y} $x %z $$ 100%'],
  ],
  'operators bind as the specification says': [
    ['1 + 2 * 3 - 4 / 2', 5],
    ['-2 + 7 % 4', 1],
    ['(1 + 2) * 3', 9],
    ['10 - 4 - 3', 3],
    ['1 < 2 && 2 <= 2 || false', true],
    ['true || false && false', true],
    ['!false && 3 > 2 == true', true],
    ['1 == "1"', false],
    ['[1, "a"] == [1, "a"]', true],
    ['{ a = 1 } != { a = 2 }', true],
    ['"5" + 1', 6],
    ['(\n 1\n +\n 2\n)', 3],
  ],
  'conditionals work out one side alone, and give one type': [
    ['true ? 1 : [][0]', 1],
    ['false ? {}.nothing : "b"', 'b'],
    ['true ? 1 : "b"', '1'],
    ['false ? 1 : true ? 2 : 3', 2],
  ],
  'lists and objects': [
    ['[1, "a", [true],]', [1, 'a', [true]]],
    ['[\n  1, # one\n  2 // two\n]', [1, 2]],
    ['{ b = 1, a : 2 }', { a: 2, b: 1 }],
    ['{\n  b = 1\n  "c d" = 2,\n  (upper("e")) = 3\n  "${"f"}g" = 4\n}', { E: 3, b: 1, 'c d': 2, fg: 4 }],
    ['{ if = 1, in = 2 }.in', 2],
  ],
  'attributes, indexes and splats': [
    ['{ a = [1, 2] }.a[1]', 2],
    ['{ a = [1, 2] }["a"].0', 1],
    ['[{ a = 1 }, { a = 2 }][*].a', [1, 2]],
    ['[{ a = [1, 3] }, { a = [2, 4] }][*].a[1]', [3, 4]],
    ['[{ a = [1, 3] }, { a = [2, 4] }].*.a[1]', [2, 4]],
    ['[[1], [2]][*][0]', [1, 2]],
    ['[{ a = [{ b = 1 }] }][*].a[*].b', [[1]]],
    ['"one"[*]', ['one']],
    ['null[*]', []],
  ],
  'for expressions': [
    ['[for x in [1, 2, 3] : x * 2 if x != 2]', [2, 6]],
    ['[for k, v in { b = 2, a = 1 } : "${k}${v}"]', ['a1', 'b2']],
    ['[for i, v in ["x", "y"] : "${i}${v}"]', ['0x', '1y']],
    ['{ for s in ["a", "b"] : s => upper(s) }', { a: 'A', b: 'B' }],
    ['{ for s in ["a1", "a2", "b1"] : substr(s, 0, 1) => s... }', { a: ['a1', 'a2'], b: ['b1'] }],
    ['[for x in [[1, 2], [3]] : [for y in x : y + 1]]', [[2, 3], [4]]],
    ['[for s in convert(["b", "a", "b"], set(string)) : s]', ['a', 'b']],
  ],
  'templates with values, directives and strip markers': [
    ['"a${1 + 1}b${true}c"', 'a2bc'.replace('bc', 'btruec')],
    ['"${[1, 2]}"', [1, 2]],
    ['"%{ if 1 > 2 }yes%{ else }no%{ endif }!"', 'no!'],
    ['"%{ if true }x%{ if false }y%{ else }z%{ endif }%{ endif }"', 'xz'],
    ['"%{ for s in ["a", "b"] }<${s}>%{ endfor }"', '<a><b>'],
    ['"%{ for i, s in ["a", "b"] ~}  ${i}${s}, %{~ endfor }"', '0a,1b,'],
    ['"hello ${~ "world" ~}  !"', 'helloworld!'],
    ['"${"a" ~}${" b"}"', 'a b'],
    ['"nested ${"in ${"side"}"}"', 'nested in side'],
  ],
  heredocs: [
    [heredoc('EOT', '  a', 'b ${1}', '  EOT'), '  a\nb 1\n'],
    [heredoc('-EOT', '    a', '', '      b\\n', '    EOT'), 'a\n\n  b\\n\n'],
    [heredoc('-EOT', '      a', '    ${"x"}', '    NOT EOT', 'EOT'), '  a\nx\nNOT EOT\n'],
    [heredoc('EOT', '%{ for s in ["a", "b"] ~}', '- ${s}', '%{ endfor ~}', 'end', 'EOT'), '- a\n- b\nend\n'],
    // What a ~ has taken the end of a line from begins none: its blanks stay.
    [heredoc('-EOT', '    %{ if true ~}', '      a', '    %{ endif ~}', '    b', '    EOT'), '      a\n    b\n'],
    [heredoc('-EOT', '    a', '  ', '${"b"}', '  EOT'), '    a\n  \nb\n'],
    [heredoc('-EOT', '    a', '  ', '    b', '    EOT'), 'a\n  \nb\n'],
    [heredoc('EOT', 'echo $${HOME} "quoted" 50%', 'EOT'), 'echo ${HOME} "quoted" 50%\n'],
    [heredoc('EOT', 'EOT'), ''],
    [`upper(${heredoc('X', 'a', 'X')})`, 'A\n'],
    [`[${heredoc('X', 'a', 'X')}, 1]`, ['a\n', 1]],
  ],
  'calls, also with a list of arguments': [
    ['max([1, 5, 3]...)', 5],
    ['min(4, [2, 3]...)', 2],
    ['upper(\n  "a",\n)', 'A'],
  ],
};

for (const [title, rows] of Object.entries(cases))
  test(`HCL: ${title}`, async () => {
    for (const [expression, expected] of rows) assert.deepEqual(await valueOf(expression), expected, expression);
  });

test('lines may end in CR LF, and comments stand anywhere', async () => {
  const text = around('1 /* one */ + 1 # two', '// first\n/* several\nlines */');
  const { document } = await readOne(text.replaceAll('\n', '\r\n'));
  assert.deepEqual(document['builders'], [{ type: 'null', name: 'x', is: 2 }]);
});

test('a source knows its own name in each of its uses, and an iterator of that name stands in its place', async () => {
  const { document } = await readOne(`
source "null" "x" {
  a = "\${source.type}/\${source.name}"
}
build {
  source "null.x" {
    name = "one"
    b = source.name
  }
  dynamic "source" {
    for_each = ["two"]
    labels = ["null.x"]
    content {
      name = source.value
      b = source.key
    }
  }
}
`);
  assert.deepEqual(document['builders'], [
    { type: 'null', name: 'one', a: 'null/one', b: 'one' },
    { type: 'null', name: 'two', a: 'null/two', b: 0 },
  ]);
});

test('locals stand in any order and in any file, and one that needs itself is told with its way', async () => {
  const locals = 'locals {\n  a = "${local.b}!"\n  b = local.c[0]\n}\nlocal "c" {\n  expression = ["x"]\n}';
  assert.equal(await valueOf('local.a', locals), 'x!');
  assert.deepEqual(await valueOf('local', locals), { a: 'x!', b: 'x', c: ['x'] });
  const [first = ''] = await refusals(
    readOne(around('1', 'locals {\n  a = local.b\n  b = [local.c]\n  c = local.a\n}')),
  );
  assert.match(first, /^main\.pkr\.hcl:4:13: a local needs itself: local\.a -> local\.b -> local\.c -> local\.a\n/);
});

test('a variable is what was sent, else what files of values say, else its default', async () => {
  const declared = ['a', 'b', 'c', 'd'].map((name) => `variable "${name}" {\n  default = "default"\n}\n`).join('');
  const files = [
    { name: 'main.pkr.hcl', text: around('[var.a, var.b, var.c, var.d]', declared) },
    { name: 'z.auto.pkrvars.hcl', text: 'b = "z"\nc = "z"\n' },
    { name: 'y.auto.pkrvars.hcl', text: 'b = "y"\nunknown = 1\n' },
    { name: 'extra.pkrvars.hcl', text: 'c = "extra"\n' },
  ];
  const { document, notes } = await readHcl(files, { ...given, variables: { d: 'sent' } });
  assert.deepEqual(document['builders'], [{ type: 'null', name: 'x', is: ['default', 'z', 'extra', 'sent'] }]);
  assert.deepEqual(notes, [{ pointer: 'y.auto.pkrvars.hcl:2:1', message: 'no variable is called "unknown"' }]);
});

test('a value becomes one of the type that its variable has, and is refused where it is none', async () => {
  const typed = (type: string, rest = '') => `variable "v" {\n  type = ${type}\n  ${rest}\n}`;
  const worth = (type: string, v: unknown) => valueOf('var.v', typed(type), { variables: { v } });
  assert.equal(await worth('number', '12'), 12);
  assert.equal(await worth('string', 12), '12');
  assert.equal(await worth('bool', 'true'), true);
  assert.deepEqual(await worth('list(string)', '["a", 1]'), ['a', '1']);
  assert.deepEqual(await worth('set(number)', [3, '1', 3]), [1, 3]);
  assert.deepEqual(await worth('map(bool)', { a: 'false' }), { a: false });
  assert.deepEqual(await worth('tuple([string, number])', [1, '2']), ['1', 2]);
  assert.deepEqual(
    await worth('object({ a = string, b = optional(number, "7"), c = optional(list(string)) })', { a: 1, z: 2 }),
    { a: '1', b: 7, c: null },
  );
  const refused = async (type: string, v: unknown, rest = '') =>
    (await refusals(readOne(around('var.v', typed(type, rest)), { variables: { v } })))[0] ?? '';
  assert.match(await refused('number', 'many'), /^request:\/variables\/v: is no number, as .*"many"/);
  assert.match(await refused('list(string)', '[1, '), /^request:\/variables\/v: is no list\(string\)/);
  assert.match(await refused('object({ a = string })', {}), /the attribute "a" is missing/);
  assert.doesNotMatch(await refused('number', 'hush-hush', 'sensitive = true'), /hush/);
});

test('a validation refuses a value in its own words, at its condition', async () => {
  const checked =
    'variable "v" {\n  validation {\n    condition = length(var.v) > 3\n    error_message = "Too short."\n  }\n}';
  assert.equal(await valueOf('var.v', checked, { variables: { v: 'long enough' } }), 'long enough');
  const [told = ''] = await refusals(readOne(around('var.v', checked), { variables: { v: 'x' } }));
  assert.match(told, /^main\.pkr\.hcl:3:5: the value of var\.v is refused: Too short\.\n {2} {4}condition = length/);
});

test('texts of sensitive variables and locals are listed, also those within lists', async () => {
  const { sensitive } = await readOne(
    around(
      '1',
      'variable "a" {\n  sensitive = true\n  default = ["one", { x = "two" }]\n}\nlocal "b" {\n  sensitive = true\n  expression = "three-${var.a[0]}"\n}\nlocals {\n  open = "four"\n}',
    ),
  );
  assert.deepEqual(sensitive, ['one', 'two', 'three-one']);
});

test('in the default of a variable env() is empty and noted, and it is nowhere else', async () => {
  const text = 'variable "token" {\n  default = "x${env("TOKEN")}"\n}\n';
  const files = (more: string) => [{ name: 'main.pkr.hcl', text: text + around('var.token', more) }];
  const { document, notes } = await readHcl(files(''), given);
  assert.match(JSON.stringify(document), /"x"/);
  assert.deepEqual(
    notes.map(({ pointer }) => pointer),
    ['main.pkr.hcl:2:17'],
  );
  assert.match(notes[0]?.message ?? '', /^has env\("TOKEN"\), which is as good as not set/);
  const [elsewhere = ''] = await refusals(readHcl(files('locals {\n  a = env("TOKEN")\n}\n'), given));
  assert.match(elsewhere, /env\(\) is not there/);
});

test('everything that is wrong is told at once, each with file, line, column, its line and a caret', async () => {
  const found = await refusals(
    readHcl(
      [
        { name: 'a.pkr.hcl', text: 'variable "x" {}\nlocals {\n\ty = uper("a")\n}\n' },
        {
          name: 'b.pkr.hcl',
          text: 'source "qemu" "s" {\n  memory = [1][3]\n  disk = var.nothing\n}\nbuild {\n  sources = ["qemu.s", "qemu.t"]\n}\n',
        },
      ],
      given,
    ),
  );
  assert.deepEqual(found, [
    'request:/variables/x: has no value, and no default at a.pkr.hcl:1:1: send one, or give it a default',
    'a.pkr.hcl:3:6: there is no function "uper": did you mean "upper"?\n  \ty = uper("a")\n  \t    ^',
    'b.pkr.hcl:6:24: there is no source "qemu.t": did you mean "qemu.s"?\n    sources = ["qemu.s", "qemu.t"]\n                         ^',
  ]);
  const [memory = '', disk = ''] = await refusals(
    readOne('source "qemu" "s" {\n  memory = [1][3]\n  disk = var.nothing\n}\nbuild {\n  sources = ["qemu.s"]\n}\n'),
  );
  assert.match(memory, /^main\.pkr\.hcl:2:16: the list has no element 3: it has 0 to 0\n/);
  assert.match(disk, /^main\.pkr\.hcl:3:14: there is no var\.nothing: there is none\n/);
});

test('a source is named with any word before its type and name, as templates of many hands do', async () => {
  for (const reference of ['null.x', 'source.null.x', 'sources.null.x']) {
    const { document } = await readOne(`source "null" "x" {}\nbuild {\n  sources = ["${reference}"]\n}\n`);
    assert.deepEqual(document['builders'], [{ type: 'null', name: 'x' }], reference);
  }
});
