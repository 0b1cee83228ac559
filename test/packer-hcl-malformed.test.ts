import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { Fault } from '../src/base/fault.ts';
import { placeFinder, placeIn } from '../src/base/text/parse-error.ts';
import { readHcl } from '../src/packer/hcl/read-hcl.ts';
import { folderOf, given, readOne, refusals } from './fixtures/hcl.ts';
import { runs } from './fixtures/long.ts';
import { randomFrom } from './fixtures/random-from.ts';

/**
 * Templates with one mistake each: `«` stands in front of the place that is told, and is taken out. What stands behind `~`
 * in the second column is what is said.
 */
const syntax: readonly (readonly [text: string, message: RegExp])[] = [
  ['a = 1 «b = 2\n', /the end of the line after the value of "a" was due, not "b"/],
  ['a = «\n', /an expression was due, not the end of the line/],
  ['a = 1 +«\n', /an expression was due/],
  ['a = 1 + «* 2\n', /an expression was due, not "\*"/],
  ['a = (1\n«', /"\)" at the end of the group was due|the end of the file/],
  ['a = [1, 2\n«', /"," or "\]" in the list|due, not the end of the file/],
  ['a = [1 «2]\n', /"," or "\]" in the list was due, not "2"/],
  ['a = [«, 1]\n', /an expression was due, not ","/],
  ['a = { b = 1 «c = 2 }\n', /",", a new line or "}" in the object was due, not "c"/],
  ['a = { b «}\n', /"=" or ":" after the key was due/],
  ['a = { «b.c = 1 }\n', /a key was due, not "b": an expression as a key stands in brackets/],
  ['a = { b «== 1 }\n', /"=" alone was due|after the key/],
  ['a = {\n b = 1\n«', /due, not the end of the file|"}" of the object/],
  ['a = «"open\n', /the string that begins here does not end on its line/],
  ['a = "x«\\q"\n', /is no escape/],
  ['a = "«\\u12"\n', /is no escape/],
  ['a = "«\\U00110000"\n', /is no escape/],
  ['a = "${«}"\n', /an expression was due, not "}"/],
  ['a = "${b «c}"\n', /"}" was due, not "c": write \$\$\{ where the text/],
  ['a = "${b«:-c}"\n', /"}" was due, not ":": write \$\$\{/],
  ['a = "%{ «unless x }y%{ endif }"\n', /a directive \(if, else, endif, for, endfor\) was due/],
  ['a = "«%{ if x }y"\n', /%\{ if \} has no %\{ endif \}/],
  ['a = "x«%{ endif }"\n', /%\{ endif \} closes nothing/],
  ['a = "%{ if x }«%{ endfor }"\n', /%\{ endfor \} closes nothing that is open here/],
  ['a = "%{ for x in y }«%{ else }%{ endfor }"\n', /%\{ else \} belongs to no %\{ if \}/],
  ['a = "%{ if x }%{ else }«%{ else }%{ endif }"\n', /%\{ else \} belongs to no/],
  ['a = "%{ for x «of y }%{ endfor }"\n', /"in" was due, not "of"/],
  ['a = «<<EOT\ntext\n', /no line with "EOT" alone/],
  ['a = <<EOT« \ntext\nEOT\n', /the end of the line after <<EOT/],
  ['a = <<«\ntext\n', /the marker of a heredoc/],
  ['a = <<EOT\n${«}\nEOT\n', /an expression was due/],
  ["a = «'single'\n", /an expression was due, not "'": a string stands between double quotes/],
  ['a = 1«x\n', /the end of the number 1 was due, not "x"/],
  ['a = 0«x10\n', /the end of the number 0/],
  ['a = 1.«\n', /the end of the line after|the name of an attribute|due/],
  ['a = b.«\n', /the name of an attribute was due/],
  ['a = b[1\n«', /"\]" at the end of the index was due/],
  ['a = b[«]\n', /an expression was due, not "\]"/],
  ['a = f(1\n«', /"\)" after the arguments of f was due/],
  ['a = f(1 «2)\n', /"\)" after the arguments of f was due, not "2"/],
  ['a = f(«, 1)\n', /an expression was due/],
  ['a = f(b... «, c)\n', /"\)" after the arguments of f was due, not ","/],
  ['a = b ? c«\n', /":" of the conditional was due/],
  ['a = b «& c\n', /the end of the line/],
  ['a = b «| c\n', /the end of the line/],
  ['a = b «= c\n', /the end of the line/],
  ['a = !«\n', /an expression was due/],
  ['a = [for x «y : x]\n', /"in" was due, not "y"/],
  ['a = [for x in y «]\n', /":" of the for expression was due/],
  ['a = [for x in y : x => «x]\n'.replace('=> «', '«=> '), /"\]" at the end of the for expression was due/],
  ['a = {for x in y : x «}\n', /"=>" between key and value was due/],
  ['a = [«for]\n'.replace('«for', 'for«'), /a name for the elements was due/],
  ['«"a" = 1\n', /the name of an attribute or the type of a block was due/],
  ['«1 = 1\n', /the name of an attribute or the type of a block was due/],
  ['a «: 1\n', /"=" was due, not ":"/],
  ['a «1\n', /"\{" or "=" was due|due, not "1"/],
  ['a«\n', /"\{" or "=" was due, not the end of the line/],
  ['a «\n{\n}\n', /"\{" or "=" was due, not the end of the line/],
  ['a «{\n b = 1\n', /the block that is opened here has no "}"/],
  ['a {\n}\n«}\n', /the name of an attribute or the type of a block was due, not "}"/],
  ['a { b = 1, «c = 2 }\n'.replace(', «', '«, '), /"}" .*was due, not ","/],
  ['a { b = 1 «c = 2 }\n', /a block of more than one attribute begins a line after its "\{"/],
  ['a { b = 1«\n}\n', /a block of more than one attribute|"}" was due/],
  ['a { b «{} }\n', /"=" after "b" was due/],
  ['a {} «b {}\n', /the end of the line after the block was due, not "b"/],
  ['a «"x${y}" {\n}\n', /the label of a block is a text without/],
  ['a = 1\n«a = 2\n', /"a" was set already: set it once/],
  ['a {\n b = 1\n «b = 2\n}\n', /"b" was set already/],
  ['a = 1 «/* never closed\n', /the comment has no end/],
  ['a = «@\n', /an expression was due, not "@"/],
  ['a = 1«;\n', /the end of the line after the value of "a" was due, not ";"/],
  ['«\uFEFFa = 1\n', /begins with a byte order mark/],
  ['a = b «\\ c\n', /the end of the line/],
  ['a = “«b”\n'.replace('“«', '«“'), /an expression was due, not "“"/],
];

const source = 'source "null" "x" {}\n';
const build = 'build {\n  sources = ["null.x"]\n';

const meaning: readonly (readonly [text: string, message: RegExp])[] = [
  ['«nonsense {}\n' + source + build + '}\n', /there is no block "nonsense"/],
  ['«sourc "null" "x" {}\n' + build + '}\n', /there is no block "sourc": did you mean "source"\?/],
  ['«x = 1\n' + source + build + '}\n', /"x" is set outside of any block/],
  ['«source "null" {}\n' + build + '}\n', /source takes 2 labels, and 1 is given/],
  ['source "null" "x" «"y" {}\n' + build + '}\n', /source takes 2 labels, and 3 are given/],
  [source + '«source "null" "x" {}\n' + build + '}\n', /the source null\.x is declared already/],
  ['source "null" «"1x" {}\n' + source + build + '}\n', /"1x" is no name/],
  [source + 'build «"x" {}\n', /build takes no label, and 1 is given/],
  [source + '«build {}\n', /a build names at least one source/],
  [source + 'build {\n  sources = [«"null.y"]\n}\n', /there is no source "null\.y": did you mean "null\.x"\?/],
  [source + 'build {\n  sources = «"null.x"\n}\n', /a list is needed/],
  [
    source + 'build {\n  sources = [«source.qemu.x]\n}\n'.replace('«source.qemu', 'source.«qemu'),
    /there is no source\.qemu/,
  ],
  [source + build + '  «colour = 1\n}\n', /"colour" is no attribute of a build/],
  [
    source + build + '  «provisoner "shell" {}\n}\n',
    /there is no block "provisoner" in a build: did you mean "provisioner"\?/,
  ],
  [source + build + '  «provisioner {}\n}\n', /"provisioner" takes one label/],
  [source + build + '  provisioner "shell" {\n    «type = "x"\n  }\n}\n', /the type of "provisioner" is its label/],
  [source + build + '  «provisioner "shell" {\n    only = ["a"]\n    except = ["b"]\n  }\n}\n', /has only and except/],
  [source + build + '  «provisioner "shell" {\n    only = "null.x"\n  }\n}\n', /only is a list of names/],
  [source + build + '  provisioner "shell" {\n    «override = "x"\n  }\n}\n', /override is an object/],
  [source + build + '  provisioner "shell" {\n    inline = [build.«Nope]\n  }\n}\n', /there is no build\.Nope/],
  [source + build + '  «hcp_packer_registry {}\n}\n', /imaged publishes to no registry of HCP/],
  ['«data "http" "x" {}\n' + source + build + '}\n', /data sources are not there/],
  [
    source + build + '  error-cleanup-provisioner "a" {}\n  «error-cleanup-provisioner "b" {}\n}\n',
    /a build has one error-cleanup-provisioner/,
  ],
  [source + build + '  post-processors {\n    «x = 1\n  }\n}\n', /post-processors holds post-processor blocks alone/],
  [
    source + build + '  post-processors {\n    «provisioner "x" {}\n  }\n}\n',
    /post-processors holds post-processor blocks alone/,
  ],
  [
    'source "null" "x" {\n  a = 1\n}\nbuild {\n  source "null.x" {\n    «a = 2\n  }\n}\n',
    /"a" is set by the source already/,
  ],
  [source + 'build {\n  source «"null.y" {}\n}\n', /there is no source "null\.y"/],
  [source + 'build {\n  «source {}\n}\n', /a source within a build takes one label/],
  ['source "null" "x" {\n  «name = "x"\n}\n' + build + '}\n', /"name" is no attribute of a source/],
  ['source "null" "x" {\n  a {}\n  b «"label" {}\n}\n' + build + '}\n', /a block "b" takes no labels here/],
  [
    'source "null" "x" {\n  «dynamic "a" {\n    content {}\n  }\n}\n' + build + '}\n',
    /a dynamic block needs "for_each"/,
  ],
  [
    'source "null" "x" {\n  «dynamic "a" {\n    for_each = []\n  }\n}\n' + build + '}\n',
    /a dynamic block has one block within: content/,
  ],
  [
    'source "null" "x" {\n  dynamic "a" {\n    for_each = «1\n    content {}\n  }\n}\n' + build + '}\n',
    /a list, a set or an object is needed to go through, and this is a number/,
  ],
  [
    'source "null" "x" {\n  dynamic "a" {\n    for_each = [1]\n    content {\n      b = «a.valu\n    }\n  }\n}\n'.replace(
      '«a.valu',
      'a.«valu',
    ) +
      build +
      '}\n',
    /the object has no "valu": did you mean "value"\?/,
  ],
  ['variable "v" {\n  type = «"string"\n}\n' + source + build + '}\n', /a type stands without quotes: write string/],
  ['variable "v" {\n  type = «strin\n}\n' + source + build + '}\n', /"strin" is no type: did you mean "string"\?/],
  [
    'variable "v" {\n  type = number\n  default = «"x"\n}\n' + source + build + '}\n',
    /is no number, as the type of the variable asks for/,
  ],
  ['variable "v" {\n  default = «var.w\n}\n' + source + build + '}\n', /there is nothing called "var" here/],
  [
    'variable "v" {\n  default = 1\n  «defualt = 2\n}\n' + source + build + '}\n',
    /"defualt" is nothing that a variable has: did you mean "default"\?/,
  ],
  [
    'variable "v" {\n  default = 1\n}\n«variable "v" {\n  default = 2\n}\n' + source + build + '}\n',
    /the variable "v" is declared already/,
  ],
  [
    'variable "v" {\n  default = 1\n  «validation {\n    condition = true\n  }\n}\n' + source + build + '}\n',
    /a validation needs "error_message"/,
  ],
  [
    'variable "v" {\n  default = 1\n  validation {\n    condition = true\n    error_message = «"bad"\n  }\n}\n' +
      source +
      build +
      '}\n',
    /an error_message is a whole sentence/,
  ],
  [
    'locals {\n  «a = 1\n}\n'.replace('«', '') + 'locals {\n  «a = 2\n}\n' + source + build + '}\n',
    /the local "a" is set already/,
  ],
  ['«local "a" {}\n' + source + build + '}\n', /a local block needs "expression"/],
  ['locals {\n  a = local.«a\n}\n' + source + build + '}\n', /a local needs itself/],
  ['locals {\n  a = «b\n}\n' + source + build + '}\n', /there is nothing called "b" here/],
  ['locals {\n  a = 1 / «0\n}\n'.replace('/ «0', '«/ 0') + source + build + '}\n', /cannot divide by zero/],
  ['locals {\n  a = «"x" + 1\n}\n' + source + build + '}\n', /a number is needed, and this is the string "x"/],
  ['locals {\n  a = «[1] ? 1 : 2\n}\n' + source + build + '}\n', /true or false is needed, and this is a list/],
  ['locals {\n  a = "x${«[1]}y"\n}\n' + source + build + '}\n', /a string is needed, and this is a list/],
  ['locals {\n  a = [1][«1]\n}\n' + source + build + '}\n', /the list has no element 1/],
  ['locals {\n  a = { b = 1 }.«c\n}\n' + source + build + '}\n', /the object has no "c"/],
  [
    'locals {\n  a = { for x in ["k", "k"] : «x => x }\n}\n' + source + build + '}\n',
    /the key "k" comes twice: write "\.\.\."/,
  ],
  [
    'packer {\n  required_version = «">= 2"\n}\n' + source + build + '}\n',
    /">= 2" is asked for, and imaged follows the rules of Packer/,
  ],
  ['packer {\n  required_version = «"new"\n}\n' + source + build + '}\n', /"new" is no version constraint/],
  ['packer {\n  «plugins {}\n}\n' + source + build + '}\n', /there is no block "plugins" in packer/],
];

const marked = (text: string): { readonly clean: string; readonly place: string } => {
  const lines = text.slice(0, text.indexOf('«')).split('\n');
  return { clean: text.replace('«', ''), place: `${lines.length}:${[...(lines.at(-1) ?? '')].length + 1}` };
};

for (const [what, rows] of Object.entries({ grammar: syntax, meaning }))
  test(`${rows.length} templates that are wrong in their ${what} are each refused at the true line and column`, async () => {
    const wrong: string[] = [];
    for (const [text, message] of rows) {
      const { clean, place } = marked(text);
      const [told = ''] = await refusals(readOne(clean));
      if (!message.test(told) || /^main\.pkr\.hcl:(\d+:\d+): /.exec(told)?.[1] !== place)
        wrong.push(`${clean}\n${place} and ${message} awaited, told ${told}`);
    }
    assert.deepEqual(wrong, []);
  });

test('a hundred mistakes and more are tried', () => {
  assert.ok(syntax.length + meaning.length >= 100, String(syntax.length + meaning.length));
});

const fixtures = fileURLToPath(new URL('../../test/fixtures/packer-hcl', import.meta.url));
const texts = readdirSync(fixtures, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.pkr.hcl'))
  .map((name) => readFileSync(join(fixtures, name), 'utf8'));

const pieces = [
  '{',
  '}',
  '[',
  ']',
  '(',
  ')',
  '"',
  '${',
  '%{',
  '}',
  '~',
  '<<EOT\n',
  '=',
  '\n',
  ',',
  '.',
  '*',
  '...',
  '\\',
  "'",
  '#',
  '/*',
  'for',
  'if',
  'var.',
  '\0',
  '😀',
  '\r',
  '?',
  ':',
  '&&',
  '-',
];

const mutated = fc
  .record({
    text: fc.constantFrom(...texts),
    edits: fc.array(fc.record({ at: fc.nat(), cut: fc.nat({ max: 12 }), put: fc.constantFrom('', ...pieces) }), {
      minLength: 1,
      maxLength: 4,
    }),
  })
  .map(({ text, edits }) =>
    edits.reduce((now, { at, cut, put }) => {
      const from = at % (now.length + 1);
      return now.slice(0, from) + put + now.slice(from + cut);
    }, text),
  );

test('a template that was changed anywhere is read, or refused with places in the file, and ends in no other error', async () => {
  const folder = folderOf({});
  await fc.assert(
    fc.asyncProperty(mutated, async (text) => {
      try {
        await readHcl([{ name: 'main.pkr.hcl', text }], { ...given, folder });
      } catch (error) {
        assert.ok(error instanceof Fault && error.code === 'template_invalid', String(error));
        for (const { pointer, message } of error.facts.errors ?? []) {
          const [, line, column] = /^main\.pkr\.hcl:(\d+):(\d+)$/.exec(pointer) ?? [];
          if (line === undefined)
            assert.match(message, /no build block|no source is left|no variable|has no value, and no default at/);
          else {
            const found = text.split('\n')[Number(line) - 1];
            assert.ok(found !== undefined && Number(column) <= [...found].length + 1, message);
          }
        }
      }
    }),
    runs(400),
  );
});

test('a template with a bracket or a quote taken out is refused', async () => {
  for (const text of texts)
    for (const mark of ['{', '}', '[', ']', '(', ')']) {
      const at = text.lastIndexOf(mark);
      // Within a comment, a text or a pair of them it may well stand for nothing.
      const line = text.slice(text.lastIndexOf('\n', at) + 1, at);
      if (at === -1 || /["#]|\/\/|\/\*/.test(line)) continue;
      const told = await refusals(readOne(text.slice(0, at) + text.slice(at + 1)));
      assert.match(told[0] ?? '', /^main\.pkr\.hcl:\d+:\d+: /);
    }
});

test('a place that is found from the nearest one kept is that which is counted from the begin', () => {
  const random = randomFrom(7);
  const characters = ['a', '\n', '\r\n', 'é', '😀', '\ud83d', '\ude00', ' '];
  for (let round = 0; round < 20; round += 1) {
    const length = random.below(4) * 1024 + random.below(3);
    const parts = Array.from({ length }, () => characters[random.below(characters.length)] ?? '');
    const text = (round % 2 === 0 ? parts.join('') : '😀'.repeat(length)).slice(0, length);
    const find = placeFinder(text);
    for (const index of [
      0,
      1023,
      1024,
      1025,
      2047,
      2048,
      length,
      ...Array.from({ length: 50 }, () => random.below(length + 1)),
    ])
      if (index <= length) assert.deepEqual(find(index), placeIn(text, index), `${round}: ${index} of ${length}`);
  }
});
