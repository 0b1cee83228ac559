import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Fault } from '../src/base/fault.ts';
import { whyPackerTemplate } from '../src/packer/template-form.ts';
import { parseTemplate } from '../src/template/document/template.ts';
import { render } from '../src/template/language/render.ts';
import { resolve } from '../src/template/resolve/resolve.ts';

const least = { name: 'least', machine: { floppy: 'media:floppy', disks: [{ size: '1G' }] }, install: {} };

const media = { floppy: import.meta.filename };
const frozen = { buildId: '01J0000000000000000000000A', timestampMs: 0 };

const resolved = (document: object, host: { hasMirror?: boolean } = {}, context?: string) =>
  resolve({
    template: parseTemplate({ ...least, ...document }),
    variables: {},
    files: { media, host, ...(context === undefined ? {} : { context }) },
    frozen,
    defaults: { timeoutMs: 3_600_000 },
  });

const fault = (document: unknown): Fault => {
  try {
    parseTemplate(document);
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new Error('the document was taken');
};

const messageAt = (document: object, pointer: string): string | undefined =>
  fault({ ...least, ...document }).facts.errors?.find((error) => error.pointer === pointer)?.message;

test('a template of Packer is told first that it is one, before a hundred errors, and a document with a machine is not', () => {
  const provisioners = Array.from({ length: 200 }, () => ({ type: 'shell', only: ['qemu'] }));
  const { message, facts } = fault({ variables: { disk: '1' }, builders: [{ type: 'qemu' }], provisioners });
  assert.match(message, /^The template is wrong: is a template of Packer, for it has the key "builders"/);
  assert.match(facts.errors?.[0]?.message ?? '', /^is a template of Packer.*POST \/templates\/import/);
  assert.equal(facts.errors?.length, 100);
  for (const hcl of [{ source: {}, build: {} }, { packer: {} }, { build: {}, variable: {} }])
    assert.match(whyPackerTemplate(hcl) ?? '', /Packer.*call its file template\.pkr\.json/);
  for (const ours of [least, {}, [], null, 'builders', { ...least, builders: [] }])
    assert.equal(whyPackerTemplate(ours), undefined);
});

test("Packer's variables, provisioners and empty lists are refused with the way to write them", () => {
  assert.match(messageAt({ variables: { a: '1' } }, '/variables/a') ?? '', /write \{"default": "\.\.\."\}/);
  assert.match(messageAt({ variables: { a: null } }, '/variables/a') ?? '', /write \{"required": true\}/);
  for (const type of ['windows-shell'])
    assert.match(messageAt({ provisioners: [{ type }] }, '/provisioners/0/type') ?? '', /has Packer's type/, type);
  assert.match(messageAt({ install: { boot_command: [] } }, '/install/boot_command') ?? '', /empty list.*leave/);
});

test('a declared variable is what its name means, though imaged has the name for something else', async () => {
  const names = ['vm_name', 'user', 'build_id', 'build_name', 'timestamp', 'upper'];
  const variables = Object.fromEntries(names.map((name) => [name, { default: `my ${name}` }]));
  const text = names.map((name) => `{{ user \`${name}\` }}, {{ ${name} }}`).join('; ');
  const { http } = await resolved({ variables, http: { f: `${text} {{ .Name }} {{ upper vm_name }}` } });
  const [entry] = http;
  assert.ok(entry?.kind === 'text');
  const late = {
    http_url: '',
    http_ip: '',
    http_port: '',
    http_addr: '',
    http_host: '',
    host_ip: '',
    guest_ip: '',
    mac: '',
  };
  const shown = render(entry.text, { ...late, vm_name: 'imaged-0', ssh_public_key: '' });
  const twice = names.map((name) => `my ${name}, my ${name}`).join('; ');
  assert.equal(shown, `${twice} imaged-0 MY VM_NAME`);
});

test('a variable that would hide a fact of the machine is refused with another name for it', () => {
  for (const name of ['http_ip', 'http_url', 'mac', 'ssh_public_key'])
    assert.match(messageAt({ variables: { [name]: {} } }, `/variables/${name}`) ?? '', new RegExp(`"my_${name}"`));
});

const url = 'http://{{ .HTTPIP }}:{{ .HTTPPort }}';

/** The paths that are noted for a boot command. */
const noted = async (command: string, http: object = {}, host = {}, context?: string) => {
  const { notes } = await resolved({ install: { boot_command: [command] }, http }, host, context);
  const ours = notes.filter(({ pointer }) => pointer === '/install/boot_command');
  return ours.map(({ message }) => /^names "([^"]*)"/.exec(message)?.[1]);
};

/** The paths that are noted for a kernel's command line. */
const notedOfKernel = async (append: string) => {
  const machine = { ...least.machine, boot: { kernel: 'media:floppy', append } };
  const { notes } = await resolved({ machine });
  const ours = notes.filter(({ pointer }) => pointer === '/machine/boot/append');
  return ours.map(({ message }) => /^names "([^"]*)"/.exec(message)?.[1]);
};

test('a path of the endpoint that a boot command or a command line names and http does not serve is noted, however it is written', async () => {
  for (const base of [url, '{{ http_url }}', 'http://{{ http_addr }}', 'https://{{ http_ip }}'])
    assert.deepEqual(await noted(`auto url=${base}/ks.cfg<enter>`), ['ks.cfg'], base);
  assert.deepEqual(await noted(`${url}/a/b%20c.txt?x=1 ${url}/one, ${url}/two;`), ['a/b c.txt', 'one', 'two']);
  const { notes } = await resolved({ install: { boot_command: [`${url}/ks.cfg`] }, http: { 'ks.cfh': 'x' } });
  assert.deepEqual(await notedOfKernel('quiet inst.ks={{ http_url }}/ks.cfg'), ['ks.cfg']);
  assert.match(notes[0]?.message ?? '', /serves no such path: did you mean "ks.cfh"\?$/);
});

test('what is served, what a guest puts together itself, and folders are not noted', async () => {
  assert.deepEqual(await noted(`${url}/ks.cfg<enter>`, { 'ks.cfg': 'x' }), []);
  assert.deepEqual(await noted(`${url}/install.conf ${url}/vm-install.conf`, { '/install.conf': 'x' }), []);
  assert.deepEqual(await noted(`s=${url}/ ds=${url} ${url}/$HOST.cfg ${url}/{{ mac }}.cfg`), []);
  assert.deepEqual(await noted(`${url}/pub/OpenBSD/7.9/amd64/bsd`, {}, { hasMirror: true }), []);
  assert.deepEqual(await noted(`${url}/pub/OpenBSD/7.9/amd64/bsd`, {}, { hasMirror: false }), [
    'pub/OpenBSD/7.9/amd64/bsd',
  ]);
});

test('a file in a served folder is not noted, and one that is not there is', async () => {
  const context = await mkdtemp(join(tmpdir(), 'packer-test-'));
  await mkdir(join(context, 'files'));
  await writeFile(join(context, 'files/there'), '');
  const command = `${url}/f/there ${url}/f/gone ${url}/f/../x`;
  assert.deepEqual(await noted(command, { f: { folder: 'files' } }, {}, context), ['f/gone', 'f/../x']);
  assert.deepEqual(await noted(`${url}/there`, { '': { folder: 'files' } }, {}, context), []);
  await rm(context, { recursive: true });
});

test('conversations are looked through as well, and a note says no secret', async () => {
  const { notes } = await resolved({
    variables: { path: { default: 'hidden-path', sensitive: true } },
    install: { console: [{ hear: 'x' }, { say: 'ftp {{ http_url }}/{{ path }}' }] },
    communicator: { type: 'none' },
    provisioners: [{ type: 'console', console: [{ press: `ftp ${url}/b<enter>` }] }],
  });
  assert.deepEqual(
    notes.map(({ pointer, message }) => [pointer, /^names ("[^"]*")/.exec(message)?.[1]]),
    [
      ['/install/console/1/say', '"<sensitive>"'],
      ['/provisioners/0/console/0/press', '"b"'],
    ],
  );
});
