import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hclBounds } from '../src/base/bounds.ts';
import { readHcl } from '../src/packer/hcl/read-hcl.ts';
import { atBestMs } from './fixtures/at-best.ts';
import { loopDelay } from './fixtures/loop-delay.ts';
import { around, folderOf, given, readOne, refusals, valueOf } from './fixtures/hcl.ts';

/** Blocks of no type that is known: as many as the files of a template may hold. */
const strangers = [0, 1, 2, 3].map((file) => ({
  name: `${file}.pkr.hcl`,
  text: Array.from({ length: 12_000 }, (_, index) => `k${file}${index}_____ {}\n`).join(''),
}));

const many = (count: number, one: (index: number) => string) => Array.from({ length: count }, (_, index) => one(index));

const doubling = (one: (name: string) => string, count = 40) =>
  `locals {\n  l0 = ${one('"x"')}\n${many(count, (index) => `  l${index + 1} = ${one(`local.l${index}`)}`).join('\n')}\n}`;

const kilo = 'x'.repeat(1000);

/** Templates that would come to more than any host has, and what they are refused with. */
const bombs: Readonly<Record<string, readonly [text: string, message: RegExp]>> = {
  'a range of a billion': [around('range(1000000000)'), /1024 is the most/],
  'texts that double': [
    around(
      'local.l40',
      doubling((name) => `"\${${name}}\${${name}}"`),
    ),
    /makes a text of more than|all texts of the template/,
  ],
  'lists that double, as JSON': [
    around(
      'jsonencode(local.l40)',
      doubling((name) => `[${name}, ${name}]`),
    ),
    /steps to work out/,
  ],
  'lists that double, in the document': [
    around(
      'local.l40',
      doubling((name) => `[${name}, ${name}]`),
    ),
    /steps to work out/,
  ],
  'lists that double, compared': [
    around(
      'local.l40 == [local.l39, local.l39]',
      doubling((name) => `[${name}, ${name}]`),
    ),
    /steps to work out/,
  ],
  'lists that double, flattened': [
    around(
      'flatten(local.l40)',
      doubling((name) => `[${name}, ${name}]`),
    ),
    /steps to work out/,
  ],
  'lists that double, as a set': [
    around(
      'convert([local.l40], set(any))',
      doubling((name) => `[${name}, ${name}]`),
    ),
    /steps to work out|texts|text of more/,
  ],
  'loops within loops': [
    around('[for a in range(1000) : [for b in range(1000) : [for c in range(1000) : 1]]]'),
    /steps to work out/,
  ],
  'directives within directives': [
    around(
      '"%{ for a in range(1000) }%{ for b in range(1000) }%{ for c in range(1000) }x%{ endfor }%{ endfor }%{ endfor }"',
    ),
    /steps to work out|texts/,
  ],
  'a product of sets': [around(`setproduct(${many(20, () => 'range(1000)').join()})`), /steps to work out/],
  'replacing by more': [
    around(`replace("${kilo}", "x", join("", [for i in range(1000) : "${kilo}"]))`),
    /text of more than/,
  ],
  'indenting by more': [around('indent(1000, join("", [for i in range(1000) : "\\n\\n\\n\\n"]))'), /text of more than/],
  'a pattern that is large': [around('regexall("(a{100}){100}", "a")'), /steps/],
  'a pattern on a text that is long': [
    around(`regexall("(.*?,){11}P", join("", [for i in range(1000) : "${kilo}"]))`),
    /steps to work out/,
  ],
  'aliases of YAML': [
    around(
      `yamldecode(${JSON.stringify(`a: &a [x,x,x,x,x,x,x,x,x]\n${many(8, (index) => `${'bcdefghi'[index]}: &${'bcdefghi'[index]} [${many(9, () => `*${'abcdefgh'[index]}`).join()}]\n`).join('')}`)})`,
    ),
    /is not YAML: .*alias|steps to work out/,
  ],
  'lists within lists': [around('['.repeat(100_000)), /nests deeper than 64 levels/],
  'groups within groups': [around('('.repeat(1000) + '1' + ')'.repeat(1000)), /nests deeper than 64 levels/],
  'signs in front of signs': [around('-'.repeat(10_000) + '1'), /nests deeper than 64 levels/],
  'templates within templates': [around('"${'.repeat(1000)), /nests deeper than 64 levels/],
  'conditionals within conditionals': [around('true ? 1 : '.repeat(1000) + '1'), /nests deeper than 64 levels/],
  'blocks within blocks': ['a {\n'.repeat(10_000), /nests deeper than 64 levels/],
  'directives without end': [around(`"${'%{ if true }'.repeat(10_000)}"`), /nests deeper than 64 levels/],
  'a sum without end': [around(many(10_000, () => '1').join(' + ')), /levels of expressions/],
  'attributes without end': [around(`{}${'.a'.repeat(10_000)}`), /levels of expressions/],
  'splats without end': [around(`[]${'[*]'.repeat(10_000)}`), /levels|parts|nests deeper/],
  'locals that need each other without end': [
    around(
      'local.l0',
      `locals {\n${many(5000, (index) => `  l${index} = local.l${index + 1}`).join('\n')}\n  l5000 = 1\n}`,
    ),
    /levels of expressions/,
  ],
  'errors that quote each other': [
    around(
      'local.l40',
      `locals {\n  l0 = 1 + "a"\n${many(40, (index) => `  l${index + 1} = try(local.l${index}, local.l${index})`).join('\n')}\n}`,
    ),
    /a number is needed/,
  ],
  'a product with a list of none': [
    around('setproduct(range(1000), range(1000), range(1000), []) + 1'),
    /a number is needed/,
  ],
  'lines without end to be chomped': [
    around(`chomp("\${join("", [for i in range(1000) : "${'\\n'.repeat(900)}"])}x") + 1`),
    /a number is needed/,
  ],
  'a pattern that looks to the end for each match': [
    around(`regexall("a*b|a", join("", [for i in range(1000) : "${'a'.repeat(400)}"]))`),
    /steps to work out/,
  ],
  'widths within a format': [around(`format("${'%1000[1]s'.repeat(25_000)}", "x")`), /text of more than/],
  'words of a date without end': [
    around(`formatdate(join("", [for i in range(1000) : "${'YYYY-'.repeat(200)}"]), "2026-01-02T15:04:05Z")`),
    /steps to work out/,
  ],
  'YAML that nests without end': [
    around(`yamldecode(join("", [for i in range(1000) : "${'? '.repeat(100)}"]))`),
    /steps to work out/,
  ],
  'many names that are not there': [
    around('1', `locals {\n${many(5000, (index) => `  l${index} = local.m${index}`).join('\n')}\n}`),
    /there is no local\.m0/,
  ],
  'nested JSON': [around('jsondecode(join("", [for i in range(1000) : "[[[["]))'), /is not JSON/],
  'nested JSON that is whole': [
    around('jsondecode("${join("", [for i in range(1000) : "["])}${join("", [for i in range(1000) : "]"])}")'),
    /levels of expressions/,
  ],
  'blocks that are made': [
    'source "null" "x" {\n  dynamic "a" {\n    for_each = [for a in range(1000) : [for b in range(1000) : 1]]\n    content {}\n  }\n}\nbuild {\n  sources = ["null.x"]\n}\n',
    /steps to work out/,
  ],
  'blocks that are made within blocks that are made': [
    `source "null" "x" {\n${many(6, () => 'dynamic "a" {\nfor_each = range(100)\ncontent {\n').join('')}${'}\n}\n'.repeat(6)}}\nbuild {\n  sources = ["null.x"]\n}\n`,
    /steps to work out/,
  ],
  'many values': [around(`[${many(60_000, () => '1').join()}]`), /more than 50000 attributes, blocks and parts/],
  'many sources in one build': [
    `source "null" "x" {}\nbuild {\n  sources = [for i in range(1000) : "null.x"]\n}\n`,
    /the builds name 1000 sources: 100 is the most/,
  ],
  'many places that are wrong': [many(15_000, (index) => `k${index}_______ {}\n`).join(''), /there is no block "k0_/],
  'many sources that are not there': [
    `${many(2500, (index) => `source "null" "x${'x'.repeat(20)}${index}" {}\n`).join('')}build {\n${many(2500, (index) => `source "null.x${'x'.repeat(20)}z${index}" {}\n`).join('')}}\n`,
    /there is no source "null\.x+z0": did you mean/,
  ],
  'a comment without end': [`/*${'*'.repeat(200_000)}`, /the comment has no end/],
  'a heredoc without end': [
    around(`<<E\n${'\n'.repeat(200_000)}`),
    /heredoc that begins here has no line|50000 attributes/,
  ],
};

for (const [what, [text, message]] of Object.entries(bombs))
  test(`a bomb is refused with its place: ${what}`, async () => {
    const [told = ''] = await refusals(readOne(text));
    assert.match(told, message);
    assert.match(told, /^main\.pkr\.hcl:\d+:\d+: /);
    assert.ok(told.length < 1000, `${told.length} characters`);
  });

test('a bound that was met is not for try() and can() to pass over', async () => {
  const [told = ''] = await refusals(
    readOne(around('try([for a in range(1000) : [for b in range(1000) : 1]], "passed")')),
  );
  assert.match(told, /steps to work out/);
});

test('a bomb keeps the event loop for less than a second, at best', async () => {
  const delay = await atBestMs(1000, async () => {
    const longest: number[] = [];
    for (const [text] of Object.values(bombs)) longest.push(await loopDelay(() => refusals(readOne(text))));
    return Math.max(...longest);
  });
  assert.ok(delay < 1000, `${delay} ms`);
});

test('neither many builds under many globs nor many places that are wrong on one line of JSON keep the event loop', async () => {
  const builds = around('1') + many(5000, () => 'build {\n sources = ["null.x"]\n}\n').join('');
  const json = `{${many(15_000, (index) => `"k${index}_______":1`).join()}}`;
  const only = many(50, (index) => `null.*z${index}`);
  const refuse = async () => {
    assert.match((await refusals(readOne(builds, { only })))[0] ?? '', /the builds name 5001 sources/);
    assert.match((await refusals(readHcl([{ name: 'a.pkr.json', text: json }], given)))[0] ?? '', /no block "k0/);
  };
  const delay = await atBestMs(1000, () => loopDelay(refuse));
  assert.ok(delay < 1000, `${delay} ms`);
});

test('after a thousand wrong places a template is refused, and no more are looked for', async () => {
  const delay = await atBestMs(250, () => loopDelay(() => refusals(readHcl(strangers, given))));
  assert.ok(delay < 250, `${delay} ms`);
  await assert.rejects(readHcl(strangers, given), /There are 999 more such places\.$/);
});

test('files beyond their bounds are refused before they are read', async () => {
  const refuse = async (files: readonly { name: string; text: string }[]) => (await refusals(readHcl(files, given)))[0];
  const hundredAndOne = Array.from({ length: 101 }, (_, index) => ({ name: `${index}.pkr.hcl`, text: '' }));
  assert.match((await refuse(hundredAndOne)) ?? '', /There are 101 HCL files: 100 is the most/);
  assert.match(
    (await refuse([{ name: 'a.pkr.hcl', text: 'é'.repeat(hclBounds.fileBytes / 2 + 1) }])) ?? '',
    /a\.pkr\.hcl has 262146 bytes/,
  );
  const five = Array.from({ length: 5 }, (_, index) => ({
    name: `${index}.pkr.hcl`,
    text: `#${' '.repeat(hclBounds.fileBytes - 1)}`,
  }));
  assert.match((await refuse(five)) ?? '', /The HCL files have 1310720 bytes/);
});

test('a file that is read again and again counts each time', async () => {
  const folder = folderOf({ 'large.txt': 'x'.repeat(1024 * 1024) });
  const [told = ''] = await refusals(readOne(around('[for i in range(100) : length(file("large.txt"))]'), { folder }));
  assert.match(told, /all texts of the template come to more than|steps to work out/);
});

test('a usual template keeps the event loop for less than 50 ms at a time, at best', async () => {
  const usual = around(
    '[for v in var.list : "${upper(v)}-${local.names[0]}"]',
    `variable "list" {\n  type = list(string)\n  default = [${many(100, (index) => `"item ${index}"`).join()}]\n}\nlocals {\n  names = [for v in var.list : replace(v, " ", "-")]\n}\n${many(200, (index) => `locals {\n  extra${index} = { a = "\${var.list[0]}", b = [1, 2, 3] }\n}`).join('\n')}`,
  );
  await valueOf('1');
  const longest = await atBestMs(50, () => loopDelay(() => readOne(usual)));
  assert.ok(longest < 50, `${longest} ms`);
});
