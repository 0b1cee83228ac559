import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Fault } from '../src/base/fault.ts';
import { ParseError } from '../src/base/text/parse-error.ts';
import type { VariableValues } from '../src/base/records/variable-value.ts';
import { version } from '../src/base/package.ts';
import { parseTemplate } from '../src/template/document/template.ts';
import { functionNames } from '../src/template/language/functions.ts';
import { makeFill } from '../src/template/language/fill.ts';
import { checkTemplate } from '../src/template/resolve/check.ts';
import { resolve } from '../src/template/resolve/resolve.ts';
import { sealDocument, sealVariables } from '../src/openbsd/passwords/seal.ts';
import { runs } from './fixtures/long.ts';

const frozen = { buildId: '01J0000000000000000000000A', timestampMs: Date.UTC(2025, 6, 4, 15, 6, 7, 89) };
const media = { floppy: import.meta.filename };
const least = { name: 'least', machine: { floppy: 'media:floppy', disks: [{ size: '1G' }] }, install: {} };

const resolved = (document: object, sent: VariableValues = {}) =>
  resolve({
    template: parseTemplate({ ...least, ...document }, '', sent),
    ...{ variables: sent, files: { media }, frozen, defaults: { timeoutMs: 1000 } },
  });

const errorsOf = async (act: () => unknown): Promise<Record<string, string>> => {
  try {
    await act();
  } catch (error) {
    assert.ok(error instanceof Fault, String(error));
    return Object.fromEntries((error.facts.errors ?? []).map(({ pointer, message }) => [pointer, message]));
  }
  return {};
};

/** What a text comes to. */
const shown = async (text: string, declared: object = {}, sent: VariableValues = {}): Promise<string> => {
  const { http } = await resolved({ http: { f: text }, variables: declared }, sent);
  const [entry] = http;
  assert.ok(entry?.kind === 'text');
  return entry.text.map((piece) => (typeof piece === 'string' ? piece : `<${piece.runtime}>`)).join('');
};

const typed = {
  release: { default: '7.9' },
  count: { type: 'number', default: 2 },
  fast: { type: 'bool', default: false },
  hosts: { type: 'list', default: ['a-{{ release }}', 'b', 3] },
  users: { type: 'map', default: { root: 'r', 'with space': 'w', id: 7 } },
};

test('values have the type that their variable says, and stand in texts by name, by key and by number', async () => {
  assert.equal(await shown('{{ count }} {{ fast }} {{ hosts.0 }} {{ hosts.2 }} {{ users.root }}', typed), '2 false a-7.9 3 r'); // prettier-ignore
  assert.equal(await shown('{{ join hosts "," }} {{ hosts | join "-" }}', typed), 'a-7.9,b,3 a-7.9-b-3');
  assert.equal(await shown('{{ json hosts }} {{ json users }} {{ json count }} {{ json release }}', typed), '["a-7.9","b",3] {"root":"r","with space":"w","id":7} 2 "7.9"'); // prettier-ignore
  assert.equal(await shown('{{ index users "with space" }} {{ index hosts 1 }} {{ users.id | upper }}', typed), 'w b 7'); // prettier-ignore
  assert.equal(await shown('{{user `count`}}', typed, { count: 5 }), '5');
});

test('a text is read for what is no string, as an address sends it, and any other type is refused by name', async () => {
  const sent = { count: '3', fast: 'true', hosts: '["x"]', users: '{"root": "y"}' };
  assert.equal(await shown('{{ count }} {{ fast }} {{ hosts.0 }} {{ users.root }}', typed, sent), '3 true x y');
  const wrong = { release: 7.1, count: 'three', fast: 'yes', hosts: 'x', users: ['a'] };
  const errors = await errorsOf(() => resolved({ variables: typed }, wrong));
  assert.deepEqual(Object.keys(errors).sort(), ['/variables/count', '/variables/fast', '/variables/hosts', '/variables/release', '/variables/users']); // prettier-ignore
  assert.match(errors['/variables/release'] ?? '', /is a number.*of the type string.*quotes, as 7\.10 and 7\.1/);
  assert.match(errors['/variables/count'] ?? '', /is a text.*of the type number/);
  assert.match(errors['/variables/users'] ?? '', /is a list.*of the type map/);
});

test('a list or a map does not stand in a text, and a part that is not there is refused with its place', async () => {
  for (const [text, told] of Object.entries({
    '{{ hosts }}!': /puts a list into a text/,
    '{{ upper users }}': /upper is given a map/,
    '{{ hosts.3 }}': /3 entries.*"3"/,
    '{{ users.rot }}': /no key "rot": did you mean "root"/,
    '{{ release.x }}': /only a list or a map has parts/,
    '{{ hosts.0.1 }}': /only a list or a map has parts/,
    '{{ nothing.x }}': /nothing\.x.*is unknown/,
    "docker ps --format '{{.Names}}'":
      /\.Names.*is unknown.*What another program is to read begins with \{\{ `\{\{` \}\}/,
    '{{ join release "," }}': /join takes a variable of the type list or map/,
  })) {
    const errors = await errorsOf(() => shown(text, typed));
    assert.match(errors['/http/f'] ?? '', told, text);
  }
});

test('what does not belong together in a variable is refused at its key', async () => {
  const variables = {
    a: { type: 'number', default: '2' },
    b: { type: 'list' },
    c: { type: 'bool', required: true, sensitive: true },
    d: { type: 'number', default: 1, pattern: '1' },
    e: { default: 'x', choices: ['x', 2] },
    f: { type: 'map', default: {}, choices: ['x'] },
    g: { type: 'lst', default: 'x' },
    h: { default: 5 },
    i: { default: 'x', sensitive: true, choices: ['x'] },
    j: { type: 'list', default: [['deep']] },
  };
  assert.deepEqual(
    Object.keys(await errorsOf(() => parseTemplate({ ...least, variables }))).sort(),
    ['a/default', 'b/type', 'c/sensitive', 'd/pattern', 'e/choices', 'f/choices', 'g/type', 'h/default', 'i/choices', 'j/default/0'].map((at) => `/variables/${at}`), // prettier-ignore
  );
});

test('only what a variable lists as its choices is taken, of a list each entry', async () => {
  const variables = {
    size: { default: 'small', choices: ['small', 'large'] },
    cores: { type: 'number', default: 1, choices: [1, 2] },
    sets: { type: 'list', default: ['base'], choices: ['base', 'comp'] },
  };
  assert.equal(await shown('{{ size }}{{ cores }}', { ...variables }, { size: 'large', cores: '2' }), 'large2');
  const errors = await errorsOf(() => resolved({ variables }, { size: 'huge', cores: 3, sets: ['base', 'x'] }));
  assert.deepEqual(Object.keys(errors), ['/variables/size', '/variables/cores', '/variables/sets']);
  assert.match(errors['/variables/size'] ?? '', /is none of "small", "large"/);
});

test('a key whose whole value is a placeholder takes the typed value, and a text takes it as a text', async () => {
  const document = {
    variables: {
      cpus: { type: 'number', default: 1 },
      memory: { type: 'number', default: 512 },
      lines: { type: 'list', default: ['echo {{ cpus }}'] },
      env: { type: 'map', default: { A: '1' } },
      hidden: { type: 'bool', default: true },
    },
    machine: { ...least.machine, cpus: '{{ cpus }}', memory: '{{ memory }}' },
    communicator: {},
    provisioners: [{ type: 'shell', inline: '{{ lines }}', env: '{{ env }}', expect_disconnect: '{{ hidden }}' }],
    http: { f: '{{ cpus }}', g: { content: '{{ lines }}' } },
    description: '{{ lines }}',
  };
  const spec = await resolved(document, { cpus: 4, lines: ['a {{ b }}', 'c'], env: { A: '{{ x }}', B: 'y' } });
  assert.deepEqual([spec.cpus, spec.memoryMb], [4, 512]);
  const [provisioner] = spec.provisioners;
  assert.ok(provisioner?.type === 'shell');
  assert.match(JSON.stringify(provisioner.settings.scripts), /"a \{\{ b \}\}","\\n","c"/);
  assert.deepEqual(provisioner.settings.env, { A: ['{{ x }}'], B: ['y'] });
  assert.equal(provisioner.settings.expectDisconnect, true);
  assert.match(JSON.stringify(spec.http), /"4"/);
  await checkTemplate(parseTemplate({ ...least, ...document }), { media });
  const errors = await errorsOf(() => resolved(document, { cpus: 400, lines: [] }));
  assert.deepEqual(Object.keys(errors).sort(), ['/machine/cpus', '/provisioners/0/inline']);
  const wrong = await errorsOf(() => resolved(document, { cpus: 'many' }));
  assert.deepEqual(Object.keys(wrong), ['/variables/cpus']);
});

test('a template is judged before a value is known that stands for a whole key, and the value is asked for', async () => {
  const document = {
    ...least,
    variables: { cpus: { type: 'number', required: true }, lines: { type: 'list', required: true } },
    machine: { ...least.machine, cpus: '{{ cpus }}' },
    communicator: {},
    provisioners: [{ type: 'shell', inline: '{{ lines }}' }],
  };
  await checkTemplate(parseTemplate(document), { media });
  assert.deepEqual(Object.keys(await errorsOf(() => resolved(document))), ['/variables/cpus', '/variables/lines']);
});

test('no value is put in so often that the template grows beyond its bounds', async () => {
  const document = {
    variables: { lines: { type: 'list', required: true } },
    http: Object.fromEntries(Array.from({ length: 400 }, (_, at) => [`f${at}`, { content: '{{ lines }}' }])),
  };
  const errors = await errorsOf(() => resolved(document, { lines: Array.from({ length: 1000 }, () => 'x') }));
  assert.ok(Object.keys(errors).length > 0);
});

test('every text in a sensitive list or map is a secret, and a password in a list is kept as its hash', async () => {
  const variables = {
    keys: { type: 'list', default: ['first one', 'second one'], sensitive: true },
    map: { type: 'map', required: true, sensitive: true },
    pin: { type: 'number', default: 12345, sensitive: true },
  };
  const { secrets } = await resolved({ variables, http: { f: '{{ json keys }}' } }, { map: { a: 'third one' } });
  for (const secret of ['first one', 'second one', 'third one', '12345', '["first one","second one"]'])
    assert.ok(secrets.includes(secret), secret);
  const { notes } = await resolved({ variables }, { map: { a: 'x' } });
  assert.match(notes.find(({ pointer }) => pointer === '/variables/map')?.message ?? '', /shorter than/);
  const document = {
    variables: { pw: { type: 'list', default: ['plain text'], sensitive: true } },
    http: { 'install.conf': { autoinstall: { 'Password for root account': '{{ pw }}' } } },
  };
  assert.doesNotMatch(JSON.stringify(await sealDocument(document, 'seed')), /plain text/);
  assert.doesNotMatch(JSON.stringify(await sealVariables(document, { pw: ['plain text'] }, 'seed')), /plain text/);
});

test("Packer's functions are there, time is that of the build, and what a host cannot tell is refused by name", async () => {
  const cases: Record<string, string> = {
    '{{isotime}}': '2025-07-04T15:06:07Z',
    '{{isotime `2006-01`}} {{ strftime "%Y" }} {{timestamp}}': '2025-07 2025 1751641567',
    '{{build_name}} {{build_type}} {{packer_version}}': `least imaged ${version}`,
    '{{build `ID`}} {{build `Host`}} {{ build `PackerHTTPAddr` }}': `${frozen.buildId} <guest_ip> <http_addr>`,
    '{{split `a,b,c` `,` 1}} {{ "Ab" | lower | upper }}': 'b AB',
    '{{replace `a` `b` 1 `aaa`}} {{replace_all `a` `b` `aaa`}}': 'baa bbb',
    '{{ clean_resource_name "My Name_1" }}': 'my-name-1',
    '{{ default "x" name }} {{ name | default "y" }} {{ "z" | default "y" }}': 'x y z',
    '{{ base64 "ä" }} {{ trim "  a " }}': 'w6Q= a',
    'a  {{- /* nothing */ -}}  b {{- "c" -}} d': 'abcd',
  };
  for (const [text, made] of Object.entries(cases)) assert.equal(await shown(text, { name: {} }), made, text);
  for (const text of [
    '{{env `HOME`}}',
    '{{vault `a` `b`}}',
    '{{consul_key `k`}}',
    '{{aws_secretsmanager `a`}}',
    '{{template_dir}}',
    '{{pwd}}',
    '{{build `Password`}}',
    '{{build `SSHPrivateKey`}}',
    '{{ split `a` `,` 1 }}',
    '{{/* x',
  ])
    // prettier-ignore
    assert.ok((await errorsOf(() => shown(text)))['/http/f'] !== undefined, text);
  const wrong = async (text: string) => (await errorsOf(() => shown(text)))['/http/f'];
  assert.match((await wrong('{{if true}}a{{end}}')) ?? '', /column 3: {{ if }} is not there: there are no conditions/);
  assert.match((await wrong('{{printf "%s" .Foo}}')) ?? '', /{{ printf }} is not there: write the texts side by side/);
  assert.equal(await shown('{{build `PackerRunUUID`}}'), await shown('  {{- build `PackerRunUUID`}}'));
});

test('whatever stands between {{ and }}, it is a text or a ParseError', () => {
  const scraps = [...functionNames, 'name', 'list', 'list.0', '.Name', '"a"', '`b`', '1', '-1', '|', '(', ')', '{{', '}}', '{{-', '-}}', '/*', '*/', ' ', '"', '\\', 'http_url', '𝒳', '\0', '1e9', 'constructor', '__proto__']; // prettier-ignore
  const values = {
    name: { pieces: ['v'], isSecret: false },
    list: { pieces: [], isSecret: false, value: ['x', 1, true] },
  };
  const texts = fc.array(fc.constantFrom(...scraps), { maxLength: 24 }).map((parts) => `{{ ${parts.join(' ')} }}`);
  fc.assert(
    fc.property(
      fc.oneof(
        texts,
        fc.string({ maxLength: 40 }).map((text) => `{{${text}}}`),
      ),
      (text) => {
        const fill = makeFill({
          ...{ frozen, templateName: 't', variableNames: Object.keys(values), onSecret: () => undefined },
          variable: (name) => (name === 'name' || name === 'list' ? values[name] : undefined),
        });
        try {
          fill(text, '/at');
        } catch (error) {
          assert.ok(error instanceof ParseError, `${text}: ${String(error)}`);
        }
      },
    ),
    runs(5000),
  );
});
