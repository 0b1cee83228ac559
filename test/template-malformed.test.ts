import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { readDocument, withPlaces } from '../src/base/document/document.ts';
import type { DocumentSource } from '../src/base/document/source.ts';
import { Fault, type FieldError } from '../src/base/fault.ts';
import { pointerTo } from '../src/base/json/pointer.ts';
import { checkTemplate } from '../src/template/resolve/check.ts';
import { parseTemplate } from '../src/template/document/template.ts';
import { runs } from './fixtures/long.ts';

type Path = readonly (string | number)[];

const whole = {
  name: 'whole',
  variables: {
    host: { default: 'web', pattern: '^[a-z]+$' },
    cores: { type: 'number', default: 2, choices: [1, 2] },
    lines: { type: 'list', default: ['echo {{ host }}'] },
  },
  machine: {
    memory: '1G',
    cpus: '{{ cores }}',
    disks: [{ size: '2G' }, { size: '1G', format: 'raw' }],
    nics: [{ network: 'local' }],
    floppy: 'media:floppy',
    model: { accelerator: 'tcg' },
  },
  http: { text: { content: 'hello {{ host }}', type: 'text/plain' } },
  install: { console: [{ hear: 'login: $', within: '1m', say: 'root' }], ends: 'never', timeout: '10m' },
  communicator: { type: 'ssh', username: 'root', port: 22, timeout: '3m' },
  provisioners: [
    { type: 'shell', inline: '{{ lines }}', env: { A: '{{ host }}' }, valid_exit_codes: [0, 2] },
    { type: 'console', console: [{ say: 'halt' }] },
  ],
  shutdown: { command: 'halt -p', timeout: '1m' },
  artifacts: [{ name: 'whole.qcow2', format: 'qcow2' }],
  post_processors: [{ type: 'checksum' }],
  timeout: '1h',
};

/** The document with one place changed; undefined takes it away. */
const changed = (document: unknown, path: Path, value: unknown): unknown => {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  if (Array.isArray(document)) {
    const items: unknown[] = [...(document as unknown[])];
    items[Number(key)] = changed(items[Number(key)], rest, value);
    return items;
  }
  const entries = { ...(document as Readonly<Record<string, unknown>>) };
  const made = changed(entries[key], rest, value);
  if (made === undefined) delete entries[key];
  else entries[key] = made;
  return entries;
};

const forms = {
  JSON: (document: unknown) => JSON.stringify(document, null, 2),
  YAML: (document: unknown) => stringify(document, { aliasDuplicateObjects: false }),
};

/** What is told of a text, each with its place in it; none for a template. */
const toldOf = async (form: DocumentSource['form'], text: string): Promise<readonly FieldError[]> => {
  const source: DocumentSource = { form, bytes: Buffer.from(text), mostBytes: 2 ** 22, name: 'The body', code: 'bad_request' }; // prettier-ignore
  try {
    await checkTemplate(parseTemplate(await readDocument(source)), { media: { floppy: import.meta.filename } });
  } catch (error) {
    assert.ok(error instanceof Fault, String(error));
    return withPlaces(error.facts.errors ?? [], source);
  }
  return [];
};

/** Every way in which one place is made wrong, and where that is told when it is not the place itself. */
const mistakes: readonly (readonly [path: Path, value: unknown, told?: Path])[] = [
  [['nam'], 'x'],
  [['name'], undefined],
  [['name'], 'Upper Case'],
  [['name'], 7],
  [['description'], ['a']],
  [['variables'], []],
  [['variables', '1x'], {}],
  [['variables', 'http_ip'], {}],
  [['variables', 'host', 'defalt'], 'x'],
  [['variables', 'host', 'default'], 'WEB'],
  [['variables', 'host', 'pattern'], '('],
  [['variables', 'host', 'pattern'], '(?=x)'],
  [['variables', 'cores', 'default'], '2'],
  [['variables', 'cores', 'default'], 3],
  [['variables', 'cores', 'type'], 'int'],
  [['variables', 'cores', 'choices'], ['one']],
  [['variables', 'lines', 'default'], 'echo'],
  [['variables', 'lines', 'default'], ['{{ nothing }}']],
  [['variables', 'lines', 'required'], true, ['variables', 'lines']],
  [['machine'], 'big'],
  [['machine', 'memroy'], '1G'],
  [['machine', 'memory'], '1 gig'],
  [['machine', 'memory'], '{{ host }}'],
  [['machine', 'cpus'], 0],
  [['machine', 'cpus'], '{{ host }}'],
  [['machine', 'cpus'], '{{ lines }}'],
  [['machine', 'disks', 1, 'size'], 'large'],
  [['machine', 'disks', 1, 'format'], 'vmdk'],
  [['machine', 'disks', 0, 'base'], 'media:nothing'],
  [['machine', 'disks', 0, 'base'], '../up.qcow2'],
  [['machine', 'nics', 0, 'network'], 'lan'],
  [['machine', 'floppy'], 'media:flopy'],
  [['machine', 'display'], true],
  [['machine', 'model', 'accelerator'], 'xen'],
  [['machine', 'model', 'net_device'], 'a,b=c'],
  [['http', 'text', 'content'], 5],
  [['http', 'text', 'content'], '{{ hots }}'],
  [['http', 'text', 'type'], 'text'],
  [['http', 'text', 'file'], 'x', ['http', 'text']],
  [['http', 'a//b'], 'x'],
  [['install', 'console', 0, 'hear'], '['],
  [['install', 'console', 0, 'within'], 'soon'],
  [['install', 'console', 0, 'heer'], 'x'],
  [['install', 'console', 0, 'say'], '{{ upper }}'],
  [['install', 'ends'], 'sometimes'],
  [['install', 'timeout'], '-5s'],
  [['install', 'boot_command'], '<enter>', ['install']],
  [['communicator', 'type'], 'telnet'],
  [['communicator', 'port'], 70_000],
  [['communicator', 'username'], '-oProxyCommand=x'],
  [['provisioners', 0, 'type'], 'shel'],
  [['provisioners', 0, 'inlin'], 'x'],
  [['provisioners', 0, 'script'], 'x', ['provisioners', 0]],
  [['provisioners', 0, 'inline'], '{{ cores }}{{'],
  [['provisioners', 0, 'env', 'not a name'], 'x'],
  [['provisioners', 0, 'valid_exit_codes', 1], 256],
  [['provisioners', 1, 'console', 0, 'say'], ['x']],
  [['shutdown', 'timeout'], true],
  [['artifacts', 0, 'name'], '../x'],
  [['artifacts', 0, 'format'], 'ova'],
  [['post_processors', 0, 'type'], 'sing'],
  [['post_processors', 0, 'types'], ['md4']],
  [['timeout'], '90 minutes'],
];

test('a template with everything in its place is taken, in JSON and in YAML', async () => {
  for (const form of ['JSON', 'YAML'] as const) assert.deepEqual(await toldOf(form, forms[form](whole)), []);
});

const lineOf = (text: string, line = 0) => text.split('\n')[line - 1] ?? '';

for (const form of ['JSON', 'YAML'] as const)
  test(`each of ${mistakes.length} mistakes in ${form} is told with its pointer, on the line where it stands`, async () => {
    for (const [path, value, told = path] of mistakes) {
      const text = forms[form](changed(whole, path, value));
      const what = `${pointerTo(path)} = ${JSON.stringify(value)}`;
      const errors = await toldOf(form, text);
      const pointer = pointerTo(told);
      const found = errors.find((error) => error.pointer === pointer || error.pointer.startsWith(`${pointer}/`));
      assert.ok(found !== undefined, `${what}: ${JSON.stringify(errors)}`);
      const name = told.findLast((key) => typeof key === 'string');
      const isThere = value !== undefined && typeof told.at(-1) === 'string' && found.pointer === pointer;
      if (isThere) assert.ok(lineOf(text, found.line).includes(String(name)), `${what}: line ${found.line}`);
      assert.ok(found.line !== undefined && found.column !== undefined, what);
    }
  });

/** The ways to all members of the template. */
const pathsIn = (value: unknown, path: Path = []): readonly Path[] =>
  typeof value === 'object' && value !== null
    ? Object.entries(value).flatMap(([key, inner]) => {
        const below = [...path, Array.isArray(value) ? Number(key) : key];
        return [below, ...pathsIn(inner, below)];
      })
    : [];

test('whatever stands at whichever place, it is a template or a fault whose places are lines of its text', async () => {
  const places = pathsIn(whole);
  const values = fc.oneof(fc.constantFrom(null, true, -1, 1.5, '', '{{', '{{ nothing }}', [], {}, [[]], { x: 1 }), fc.jsonValue({ maxDepth: 2 })); // prettier-ignore
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...places), values, fc.constantFrom('JSON', 'YAML'), async (path, value, form) => {
      const text = forms[form](changed(whole, path, value));
      if (text.includes('__proto__') || /-0\b|e[+-]?\d/.test(JSON.stringify(value))) return;
      for (const { line } of await toldOf(form, text))
        assert.ok(line !== undefined && line >= 1 && line <= text.split('\n').length);
    }),
    runs(600),
  );
});

test('whatever is cut out of the text of a template, it is a template or is told with a place', async () => {
  const cuts = fc.tuple(fc.nat(), fc.nat({ max: 20 }), fc.constantFrom('', '}', ']', '"', ':', '-', '\n', '{{', '&a ', '*a'), fc.constantFrom('JSON', 'YAML')); // prettier-ignore
  await fc.assert(
    fc.asyncProperty(cuts, async ([at, length, put, form]) => {
      const text = forms[form](whole);
      const from = at % text.length;
      const errors = await toldOf(form, text.slice(0, from) + put + text.slice(from + length));
      for (const { line, column, message } of errors) assert.ok(line !== undefined && column !== undefined, message);
    }),
    runs(600),
  );
});
