import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ParseError } from '../src/base/text/parse-error.ts';
import { elsewhere, missing } from '../src/packer/hcl/functions/missing.ts';
import { functions, specialNames } from '../src/packer/hcl/functions/table.ts';
import { around, folderOf, readOne, refusals, valueOf } from './fixtures/hcl.ts';

const missingFile = (path: string): never => {
  throw new ParseError(`there is no file ${path}`);
};

const folder = folderOf({
  'motd.txt': 'welcome\n',
  'http/preseed.cfg.tpl': 'user ${name}\n%{ for p in packages ~}\n- ${p}\n%{ endfor ~}\n',
  'http/a.cfg': 'a',
  'http/deep/b.cfg': 'b',
  'calls-itself.tpl': '${templatefile("motd.txt", {})}',
});

/** What each function gives, as the documents of Packer and of cty say. */
const gives: Readonly<Record<string, readonly (readonly [args: string, expected: unknown])[]>> = {
  chomp: [['"a\\n\\r\\n"', 'a']],
  endswith: [['"hello", "lo"', true]],
  format: [
    ['"%s-%03d-%x-%5.2f|%-4s|%q|%v|%%", "a", 7, 255, 3.14159, "b", "c\\"", [1, "x"]', 'a-007-ff- 3.14|b   |"c\\""|[1,"x"]|%'], // prettier-ignore
    ['"%[2]s %[1]s", "a", "b"', 'b a'],
    ['"%v %v %v %s", 40960, 1048576, 0.00001, 1048576', '40960 1.048576e+06 1e-05 1048576'],
    ['"%.3g %G %g", 123456, 1234567890, -0.5', '1.23e+05 1.23456789E+09 -0.5'],
    ['"%t %e %+d %b %o %X %g", true, 1500, 3, 5, 8, 254, 0.5', 'true 1.500000e+03 +3 101 10 FE 0.5'],
    ['"%#x %#08x %#o %#b %#X %.3d", 255, 255, 8, 5, 255, 5', '0xff 0x0000ff 010 0b101 0XFF 005'],
    ['"%.0f %.0f %.1f %.0e %.102f", 0.5, 1.5, 0.25, 2.5, 0.5', `0 2 0.2 2e+00 0.5${'0'.repeat(101)}`],
    ['"%f %.1000g", 1e22, 1', '10000000000000000000000.000000 1'],
    ['"%4s|%-4s|%6q|%.1s|%5t", "💃🏿", "💃🏿", "💃🏿", "💃🏿a", true', '   💃🏿|💃🏿   |   "💃🏿"|💃🏿|true'],
  ],
  formatlist: [
    ['"%s=%d", ["a", "b"], [1, 2]', ['a=1', 'b=2']],
    ['"%s%s", "x", ["a", "b"]', ['xa', 'xb']],
  ],
  indent: [['2, "a\\nb\\nc"', 'a\n  b\n  c']],
  join: [
    ['", ", ["a", "b"], ["c"]', 'a, b, c'],
    ['"-", [1, true]', '1-true'],
  ],
  lower: [['"ÄBΣ"', 'äbσ']],
  replace: [
    ['"a.b.c", ".", "-"', 'a-b-c'],
    ['"aa", "", "-"', '-a-a-'],
  ],
  split: [
    ['",", "a,b,"', ['a', 'b', '']],
    ['"", "ab"', ['a', 'b']],
  ],
  startswith: [['"hello", "he"', true]],
  strcontains: [['"hello", "ell"', true]],
  strrev: [['"añb👨‍👩‍👧"', '👨‍👩‍👧bña']],
  substr: [
    ['"hello world", 1, 4', 'ello'],
    ['"hello", -3, -1', 'llo'],
    ['"hello", 2, 0', ''],
    ['"a\\r\\nb", 1, 1', '\r\n'],
  ],
  title: [['"hello big-world don\'t a_b élan ß"', "Hello Big-World Don'T A_b Élan ß"]],
  trim: [
    ['"?!hello?!", "!?"', 'hello'],
    ['"!!", "!"', ''],
  ],
  trimprefix: [['"helloworld", "hello"', 'world']],
  trimspace: [
    ['"  a\\n"', 'a'],
    ['"\\u0085\\ufeffa\\u2003"', '\ufeffa'],
  ],
  trimsuffix: [
    ['"helloworld", "world"', 'hello'],
    ['"a", ""', 'a'],
  ],
  upper: [['"aß"', 'Aß']],
  regex: [
    ['"[a-z]+", "53453453.345345aaabbbccc23454"', 'aaabbbccc'],
    ['"(\\\\d\\\\d)-(\\\\d\\\\d)", "12-34"', ['12', '34']],
    ['"(?P<year>\\\\d+)-(?P<month>\\\\d+)", "2026-01"', { month: '01', year: '2026' }],
    ['"", "a"', ''],
  ],
  regexall: [
    ['"[a-z]", "1a2b"', ['a', 'b']],
    ['"z", "a"', []],
    ['"a*", "baac"', ['', 'aa', '']],
    ['"", "ab"', ['', '', '']],
  ],
  regex_replace: [
    ['"-ab-axxb-", "a(x*)b", "<$1>"', '-<>-<xx>-'],
    ['"a.b", "\\\\.", "$$"', 'a$b'],
    ['"baac", "a*", "-"', '-b-c-'],
    ['"añb", "", "-"', '-a-ñ-b-'],
    ['"ab", "(b)", "$01<$1>"', 'a<b>'],
  ],
  alltrue: [
    ['[true, "true"]', true],
    ['[]', true],
    ['[true, false]', false],
  ],
  anytrue: [
    ['[false, true]', true],
    ['[]', false],
  ],
  chunklist: [['["a", "b", "c"], 2', [['a', 'b'], ['c']]]],
  coalesce: [
    ['null, "", "a"', 'a'],
    ['1, "a"', '1'],
  ],
  coalescelist: [['[], ["a"]', ['a']]],
  compact: [['["a", "", null, "b", 1]', ['a', 'b', '1']]],
  concat: [['["a"], ["b", 1]', ['a', 'b', 1]]],
  contains: [
    ['["a", "b"], "b"', true],
    ['[1], "1"', false],
  ],
  distinct: [
    ['["b", "a", "b"]', ['b', 'a']],
    ['["1", 1, true]', ['1', 'true']],
  ],
  element: [['["a", "b"], 3', 'b']],
  flatten: [['[["a", ["b"]], [], "c"]', ['a', 'b', 'c']]],
  index: [['["a", "b"], "b"', 1]],
  keys: [['{ b = 1, a = 2 }', ['a', 'b']]],
  length: [
    ['[1, 2]', 2],
    ['{ a = 1 }', 1],
    ['"añ"', 2],
    ['"e\\u0301👨‍👩‍👧"', 2],
  ],
  lookup: [
    ['{ a = 1 }, "a", 2', 1],
    ['{ a = 1 }, "b", 2', 2],
  ],
  merge: [['{ a = 1, b = 1 }, { b = 2 }, null', { a: 1, b: 2 }]],
  range: [
    ['3', [0, 1, 2]],
    ['1, 4', [1, 2, 3]],
    ['4, 0, -2', [4, 2]],
    ['0', []],
  ],
  reverse: [['[1, 2]', [2, 1]]],
  slice: [['["a", "b", "c"], 1, 3', ['b', 'c']]],
  sort: [['["b", "a", "C"]', ['C', 'a', 'b']]],
  values: [['{ b = 1, a = 2 }', [2, 1]]],
  zipmap: [['["a", "b"], [1, 2]', { a: 1, b: 2 }]],
  setintersection: [['["a", "1"], ["b", 1]', ['1']]],
  setproduct: [
    [
      '["a", "b"], [1, 2]',
      [
        ['a', 1],
        ['a', 2],
        ['b', 1],
        ['b', 2],
      ],
    ],
  ],
  setunion: [['["b"], ["a", "b", 1]', ['1', 'a', 'b']]],
  abs: [['-1.5', 1.5]],
  ceil: [['1.1', 2]],
  floor: [['-1.1', -2]],
  log: [['8, 2', 3]],
  max: [['1, 5, 3', 5]],
  min: [['4, 2', 2]],
  parseint: [
    ['"ff", 16', 255],
    ['"-0101", 2', -5],
    ['"zZ", 62', 35 * 62 + 61],
    ['"FF", 16', 255],
  ],
  pow: [['2, 10', 1024]],
  signum: [['-7', -1]],
  sum: [['[1, 2.5]', 3.5]],
  base64decode: [['"aGVsbG8="', 'hello']],
  base64encode: [['"hello"', 'aGVsbG8=']],
  csvdecode: [
    [
      '"a,b\\n1,\\"x, \\"\\"y\\"\\"\\"\\n2,\\n"',
      [
        { a: '1', b: 'x, "y"' },
        { a: '2', b: '' },
      ],
    ],
  ],
  jsondecode: [
    ['"{\\"a\\":[1,null]}"', { a: [1, null] }],
    ['"\\"\\\\ud800x\\""', '\ufffdx'],
  ],
  jsonencode: [
    ['{ b = [1, true, null], a = "<&" }', '{"a":"\\u003c\\u0026","b":[1,true,null]}'],
    ['[1e25, 1e-7, "\\"1e25"]', '[10000000000000000000000000,0.0000001,"\\"1e25"]'],
  ],
  textdecodebase64: [['"YQBiAA==", "UTF-16LE"', 'ab']],
  textencodebase64: [['"ab", "UTF-16LE"', 'YQBiAA==']],
  urlencode: [['"a b/c?d=(é)"', 'a+b%2Fc%3Fd%3D%28%C3%A9%29']],
  yamldecode: [
    ['"a:\\n- 1\\n- x\\nb: true\\n"', { a: [1, 'x'], b: true }],
    ['"a: yes\\nb: Off\\nc: \\"no\\"\\nd: oN\\n"', { a: true, b: false, c: 'no', d: 'oN' }],
    ['"a: 1_000\\nb: 0x1f\\nc: 0b11\\nd: -.5\\ne: 010\\n"', { a: 1000, b: '0x1f', c: 3, d: -0.5, e: 10 }],
    ['"a: &a { x: 1, z: 2 }\\nb:\\n  <<: *a\\n  x: 3\\n"', { a: { x: 1, z: 2 }, b: { x: 3, z: 2 } }],
    ['"a: 1\\na: 2\\nb: !!binary aGVsbG8=\\n"', { a: 2, b: 'aGVsbG8=' }],
  ],
  yamlencode: [['{ a = [1, "x"], b = { c = null } }', '"a":\n- 1\n- "x"\n"b":\n  "c": null\n']],
  abspath: [['"./http/../a"', 'a']],
  basename: [
    ['"a/b.txt"', 'b.txt'],
    ['"a/b/"', 'b'],
    ['"//"', '/'],
    ['""', '.'],
  ],
  dirname: [
    ['"a/b.txt"', 'a'],
    ['"a/b/"', 'a/b'],
    ['"/a"', '/'],
    ['"a//../b/c"', 'b'],
    ['"a"', '.'],
  ],
  file: [
    ['"./motd.txt"', 'welcome\n'],
    ['"${path.root}/motd.txt"', 'welcome\n'],
  ],
  filebase64: [['"motd.txt"', 'd2VsY29tZQo=']],
  fileexists: [
    ['"motd.txt"', true],
    ['"nothing"', false],
  ],
  fileset: [
    ['".", "http/*.cfg"', ['http/a.cfg']],
    ['"http", "**/*.{cfg,txt}"', ['a.cfg', 'deep/b.cfg']],
  ],
  pathexpand: [['"a/b"', 'a/b']],
  formatdate: [
    ['"DD MMM YYYY hh:mm:ss ZZZ", "2026-01-02T03:04:05Z"', '02 Jan 2026 03:04:05 UTC'],
    [
      '"EEEE, D-MMMM-YY H:m:sAA Z \'o\'\'clock\'", "2026-01-02T15:04:05+02:00"',
      "Friday, 2-January-26 3:4:5PM +02:00 o'clock",
    ],
    ['"YYYYMMDDhhmmss", timestamp()', '20260115090507'],
    ["\"h''m 'a''b'\", timestamp()", "9'5 a'b"],
  ],
  legacy_isotime: [
    ['', '2026-01-15T09:05:07Z'],
    ['"2006-01-02"', '2026-01-15'],
  ],
  legacy_strftime: [['"%Y%m%d"', '20260115']],
  timeadd: [
    ['"2026-01-02T03:04:05Z", "1h30m"', '2026-01-02T04:34:05Z'],
    ['timestamp(), "-24h"', '2026-01-14T09:05:07Z'],
    ['timestamp(), ".5h1.m1μs"', '2026-01-15T09:36:07Z'],
    ['timestamp(), "0"', '2026-01-15T09:05:07Z'],
  ],
  timestamp: [['', '2026-01-15T09:05:07Z']],
  md5: [['"hello"', '5d41402abc4b2a76b9719d911017c592']],
  sha1: [['"hello"', 'aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d']],
  sha256: [['"hello"', '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824']],
  sha512: [['""', 'cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e']], // prettier-ignore
  uuidv5: [['"dns", "www.terraform.io"', 'a5008fae-b28c-5ba5-96cd-82b4c53552d6']],
  cidrhost: [['"10.12.127.0/20", 16', '10.12.112.16'], ['"10.0.0.0/8", -1', '10.255.255.255'], ['"fd00:fd12:3456:7890:00a2::/72", 34', 'fd00:fd12:3456:7890::22']], // prettier-ignore
  cidrnetmask: [
    ['"172.16.0.0/12"', '255.240.0.0'],
    ['"0.0.0.0/0"', '0.0.0.0'],
  ],
  cidrsubnet: [['"172.16.0.0/12", 4, 2', '172.18.0.0/16'], ['"fd00:fd12:3456:7890::/56", 16, 162', 'fd00:fd12:3456:7800:a200::/72']], // prettier-ignore
  cidrsubnets: [['"10.1.0.0/16", 4, 4, 8, 4', ['10.1.0.0/20', '10.1.16.0/20', '10.1.32.0/24', '10.1.48.0/20']]],
  can: [
    ['[][0]', false],
    ['1', true],
  ],
  convert: [
    ['["b", "a", "b"], set(string)', ['a', 'b']],
    ['"1", number', 1],
  ],
  templatefile: [['"http/preseed.cfg.tpl", { name = "bob", packages = ["vim", "git"] }', 'user bob\n- vim\n- git\n']],
  try: [
    ['[][0], {}.a, "fallback"', 'fallback'],
    ['1, 2', 1],
  ],
};

for (const [name, rows] of Object.entries(gives))
  test(`${name}() gives what Packer's gives`, async () => {
    for (const [args, expected] of rows)
      assert.deepEqual(await valueOf(`${name}(${args})`, '', { folder }), expected, `${name}(${args})`);
  });

test('every function of the tables is tried here', () => {
  const tried = [...Object.keys(gives), 'uuidv4'];
  assert.deepEqual([...Object.keys(functions), ...specialNames].filter((name) => !tried.includes(name)), []); // prettier-ignore
});

test('uuidv4() differs from place to place and from template to template, and is the same when a template is read again', async () => {
  const both = '[uuidv4(), uuidv4()]';
  const first = await valueOf(both);
  assert.ok(Array.isArray(first));
  assert.match(String(first[0]), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.notEqual(first[0], first[1]);
  assert.deepEqual(await valueOf(both), first);
  assert.notDeepEqual(await valueOf(both, '', { seed: 'another' }), first);
});

/** Calls that are refused, and what is said, at the column of what is wrong. The expression begins at column 8. */
const refused: readonly (readonly [call: string, column: number, message: RegExp])[] = [
  ['upper()', 8, /upper\(\) takes 1 argument, and 0 are given/],
  ['max()', 8, /max\(\) takes at least 1 argument,/],
  ['upper([1])', 14, /a string is needed, and this is a list/],
  ['join(",", "a")', 18, /a list is needed, and this is a string/],
  ['format("%d", "x")', 21, /a number is needed, and this is the string "x"/],
  ['format("%s")', 15, /"%s" has no argument/],
  ['format("a", 1)', 20, /is an argument that the format does not use/],
  ['format("%y", 1)', 21, /format has no verb "%y"/],
  ['regex("(", "a")', 14, /is not a regular expression/],
  ['regex("z", "a")', 14, /matches nothing/],
  ['regex("(?=a)", "a")', 14, /look-around/],
  ['element([], 0)', 16, /empty list/],
  ['range(0, 5, -1)', 20, /the step of a range/],
  ['file("nothing")', 13, /there is no file|no such file/],
  ['file("../secret")', 13, /no path within the context/],
  ['file("/etc/passwd")', 13, /no path within the context/],
  ['pathexpand("~/x")', 19, /no path within the context/],
  ['base64decode("*")', 21, /is no base64/],
  ['jsondecode("{")', 19, /is not JSON/],
  ['yamldecode("a: [")', 19, /is not YAML/],
  ['csvdecode("")', 18, /no row with the names of its columns/],
  ['csvdecode("a,a\\n1,2")', 18, /two columns with the name "a"/],
  ['parseint("1", 63)', 22, /a base lies between 2 and 62/],
  ['upper("\\ud800")', 15, /is half a character/],
  ['csvdecode("a,b\\n1")', 18, /row 2 has 1 fields, and the first has 2/],
  ['formatdate("YYY", timestamp())', 19, /formatdate knows no "YYY"/],
  ['formatdate("YYYY", "today")', 27, /no time of RFC 3339/],
  ['timeadd(timestamp(), "soon")', 29, /no duration/],
  ['timeadd(timestamp(), "90")', 29, /no duration/],
  ['timeadd(timestamp(), "99999999h")', 29, /no duration/],
  ['formatdate("D", "2026-02-30T03:04:05Z")', 24, /is a day that its month does not have/],
  ['formatdate("\'D", timestamp())', 19, /a single quote that nothing closes/],
  ['format("%d", 1.5)', 21, /a whole number is needed for "%d", and this is 1\.5/],
  ['regex("(?P<x>a)(b)", "ab")', 14, /groups with names and groups without/],
  ['concat({ a = 1 }, [2])', 15, /a list is needed, and this is an object/],
  ['cidrhost("10.0.0.0", 1)', 17, /no network/],
  ['cidrhost("10.0.0.0/30", 4)', 32, /has 4 addresses/],
  ['parseint("9", 8)', 17, /no whole number in base 8/],
  ['templatefile("calls-itself.tpl", {})', 0, /cannot call it/],
  ['convert(1, text)', 19, /"text" is no type/],
  [
    'try([][0], {}.a)',
    8,
    /no argument of try\(\) can be worked out: the list has no element 0: it is empty; the object has no "a"/,
  ],
  [
    'env("HOME")',
    8,
    /env\(\) is not there: a build does not see the environment of a host: in the default of a variable/,
  ],
  ['tolist([])', 8, /Packer has no function tolist\(\): write convert\(\.\.\., list\(string\)\)/],
  ['uper("a")', 8, /there is no function "uper": did you mean "upper"\?/],
];

test('a call that cannot be made is told at the argument that is wrong', async () => {
  const files = { ...folder, read: (path: string) => (folder.has(path) ? folder.read(path) : missingFile(path)) };
  for (const [call, column, message] of refused) {
    const [told = ''] = await refusals(readOne(around(call), { folder: files }));
    assert.match(told, message, call);
    if (column > 0) assert.match(told, new RegExp(`^main\\.pkr\\.hcl:3:${column}: `), call);
  }
});

test('functions that a server cannot have are named with what to do, and none of them is there', () => {
  for (const name of [...Object.keys(missing), ...Object.keys(elsewhere)])
    assert.ok(!Object.hasOwn(functions, name), name);
});
