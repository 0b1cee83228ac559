import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { Fault } from '../src/base/fault.ts';
import { readJson } from '../src/base/document/json.ts';
import { importPacker } from './fixtures/import-packer.ts';
import { runs } from './fixtures/long.ts';

const fixtures = fileURLToPath(new URL('../../test/fixtures/packer', import.meta.url));
const options = {
  variables: {},
  frozen: { buildId: 'b', timestampMs: 0 },
  files: { has: () => true, below: () => ['a.pkr.in'] },
};

const errorsOf = (work: () => unknown): readonly { readonly pointer: string; readonly message: string }[] => {
  try {
    work();
  } catch (error) {
    if (error instanceof Fault && error.code === 'template_invalid') return error.facts.errors ?? [];
    throw error;
  }
  return [];
};

const sum = `sha256:${'a'.repeat(64)}`;
const qemu = { type: 'qemu', iso_url: 'https://example.org/a.iso', iso_checksum: sum, ssh_username: 'root' };
const vmm = { type: 'openbsd-vmm', vm_name: 'v', disk_size: '1G', ssh_username: 'root' };
const shell = { type: 'shell', inline: ['true'] };

const root = (change: object) => ({ builders: [qemu], ...change });
const builder = (change: object) => ({ builders: [{ ...qemu, ...change }] });
const ofVmm = (change: object) => ({ builders: [{ ...vmm, ...change }] });
const provisioner = (change: unknown) => root({ provisioners: [change] });
const processor = (change: unknown) => root({ 'post-processors': [change] });

/** What is malformed, and the place that is told first. */
const malformed: readonly (readonly [document: unknown, pointer: string])[] = [
  [null, ''],
  [[], ''],
  ['builders', ''],
  [{}, ''],
  [{ builders: null }, '/builders'],
  [{ builders: {} }, '/builders'],
  [{ builders: [] }, '/builders'],
  [{ builders: ['qemu'] }, '/builders/0'],
  [{ builders: [null] }, '/builders/0'],
  [{ builders: [{}] }, '/builders/0'],
  [{ builders: [{ type: 7 }] }, '/builders/0'],
  [{ builders: [{ type: 'qmeu' }] }, '/builders/0/type'],
  [{ builders: [{ type: 'amazon-ebs' }] }, '/builders/0/type'],
  [{ builders: [{ type: 'toString' }] }, '/builders/0/type'],
  [{ builders: [qemu, qemu] }, '/builders/1'],
  [{ builders: [qemu, { ...qemu, name: 'qemu' }] }, '/builders/1/name'],
  [{ builders: Array.from({ length: 65 }, (_, at) => ({ ...qemu, name: `n${at}` })) }, '/builders'],
  [root({ provisoners: [] }), '/provisoners'],
  [root({ 'post-processor': [] }), '/post-processor'],
  [root({ 'a/b': 1 }), '/a~1b'],
  [root({ _comment: ['a list'] }), '/_comment'],
  [root({ description: 7 }), '/description'],
  [root({ min_packer_version: 'new' }), '/min_packer_version'],
  [root({ min_packer_version: 1.9 }), '/min_packer_version'],
  [root({ variables: [] }), '/variables'],
  [root({ variables: 'a' }), '/variables'],
  [root({ variables: { a: 1 } }), '/variables/a'],
  [root({ variables: { a: true } }), '/variables/a'],
  [root({ variables: { a: ['x'] } }), '/variables/a'],
  [root({ variables: { a: { default: 'x' } } }), '/variables/a'],
  [root({ 'sensitive-variables': 'a' }), '/sensitive-variables'],
  [root({ variables: { a: 'xyz' }, 'sensitive-variables': ['b'] }), '/sensitive-variables/0'],
  [root({ variables: { a: 'xyz' }, 'sensitive-variables': ['a', 1] }), '/sensitive-variables/1'],
  [root({ provisioners: {} }), '/provisioners'],
  [root({ provisioners: 'shell' }), '/provisioners'],
  [root({ provisioners: Array.from({ length: 201 }, () => shell) }), '/provisioners'],
  [root({ 'post-processors': {} }), '/post-processors'],
  [root({ 'error-cleanup-provisioner': [shell] }), '/error-cleanup-provisioner'],
  [root({ 'error-cleanup-provisioner': { type: 'shel' } }), '/error-cleanup-provisioner/type'],
  [
    root({ 'error-cleanup-provisioner': { type: 'file', sources: ['a', 'b'], destination: '/' } }),
    '/error-cleanup-provisioner',
  ],

  [builder({ isourl: 'x' }), '/builders/0/isourl'],
  [builder({ boot_comand: [] }), '/builders/0/boot_comand'],
  [builder({ vm_name: ['x'] }), '/builders/0/vm_name'],
  [builder({ vm_name: {} }), '/builders/0/vm_name'],
  [builder({ name: {} }), '/builders/0/name'],
  [builder({ iso_url: undefined }), '/builders/0'],
  [builder({ iso_urls: ['https://example.org/b.iso'] }), '/builders/0/iso_urls'],
  [builder({ iso_url: undefined, iso_urls: [{}] }), '/builders/0/iso_urls/0'],
  [builder({ iso_checksum: undefined }), '/builders/0'],
  [builder({ iso_checksum: 'none' }), '/builders/0/iso_checksum'],
  [builder({ iso_checksum: 'sha256:123' }), '/builders/0/iso_checksum'],
  [builder({ iso_checksum: `sha512:${'a'.repeat(64)}` }), '/builders/0/iso_checksum'],
  [builder({ iso_checksum: `crc32:${'a'.repeat(8)}` }), '/builders/0/iso_checksum'],
  [builder({ iso_checksum: 'file:SHA256SUMS' }), '/builders/0/iso_checksum'],
  [builder({ iso_url: '/isos/a.iso' }), '/builders/0/iso_url'],
  [builder({ cpus: 'two' }), '/builders/0/cpus'],
  [builder({ cpus: 1.5 }), '/builders/0/cpus'],
  [builder({ cpus: [2] }), '/builders/0/cpus'],
  [builder({ ssh_port: 'ssh' }), '/builders/0/ssh_port'],
  [builder({ disk_image: 'maybe' }), '/builders/0/disk_image'],
  [builder({ format: 'vmdk' }), '/builders/0/format'],
  [builder({ disk_additional_size: { a: 1 } }), '/builders/0/disk_additional_size'],
  [builder({ boot_command: { a: 1 } }), '/builders/0/boot_command'],
  [builder({ boot_command: [['x']] }), '/builders/0/boot_command/0'],
  [builder({ boot_command: 'x', boot_steps: [['x']] }), '/builders/0/boot_steps'],
  [builder({ boot_steps: 'x' }), '/builders/0/boot_steps'],
  [builder({ boot_steps: [['x'], ['a', 'b', 'c']] }), '/builders/0/boot_steps/1'],
  [builder({ communicator: 'telnet' }), '/builders/0'.concat('/communicator')],
  [builder({ communicator: 'winrm' }), '/builders/0/communicator'],
  [builder({ ssh_username: undefined }), '/builders/0'],
  [builder({ ssh_agent_auth: true }), '/builders/0/ssh_agent_auth'],
  [builder({ ssh_private_key_file: 'id' }), '/builders/0/ssh_private_key_file'],
  [builder({ http_directory: 'a', http_content: { b: 'c' } }), '/builders/0/http_content'],
  [builder({ http_content: ['a'] }), '/builders/0/http_content'],
  [builder({ http_content: { a: ['b'] } }), '/builders/0/http_content/a'],
  [builder({ http_directory: '../http' }), '/builders/0/http_directory'],
  [builder({ floppy_files: [{}] }), '/builders/0/floppy_files/0'],
  [builder({ cd_content: { a: ['b'] } }), '/builders/0/cd_content/a'],
  [builder({ vtpm: true }), '/builders/0/vtpm'],
  [builder({ disable_shutdown: true }), '/builders/0/disable_shutdown'],
  [builder({ qemuargs: '-m 1' }), '/builders/0/qemuargs'],
  [builder({ qemuargs: [['-netdev', 'user']] }), '/builders/0/qemuargs/0'],
  [builder({ qemuargs: [['-smp', 'many']] }), '/builders/0/qemuargs/0'],
  [builder({ qemuargs: [{}] }), '/builders/0/qemuargs/0'],
  [builder({ disk_image: '{{user `none`}}' }), '/builders/0/disk_image'],
  [builder({ disk_image: '{{env `HOME`}}' }), '/builders/0/disk_image'],
  [builder({ disk_image: '{{' }), '/builders/0/disk_image'],
  [{ ...builder({ cpus: '{{user `a`}}' }), variables: { a: '{{user `b`}}', b: '{{user `a`}}' } }, '/builders/0/cpus'],
  [{ ...builder({ cpus: '{{user `a`}}' }), variables: { a: null } }, '/builders/0/cpus'],
  [ofVmm({ vm_name: undefined }), '/builders/0'],
  [ofVmm({ disk_format: 'vmdk' }), '/builders/0/disk_format'],
  [ofVmm({ cpus: 2 }), '/builders/0/cpus'],
  [ofVmm({ qemuargs: [] }), '/builders/0/qemuargs'],
  [ofVmm({ boot: '~/bsd.rd' }), '/builders/0/boot'],
  [ofVmm({ cdrom: ['a'] }), '/builders/0/cdrom'],
  [{ builders: [{ ...qemu, type: 'vmware-iso', firmware: 'efi-secure' }] }, '/builders/0/firmware'],
  [{ builders: [{ ...qemu, type: 'virtualbox-iso', vbox_manage: [] }] }, '/builders/0/vbox_manage'],
  [{ builders: [{ ...qemu, type: 'parallels-iso', iso_url: undefined }] }, '/builders/0'],

  [provisioner('shell'), '/provisioners/0'],
  [provisioner({}), '/provisioners/0'],
  [provisioner({ type: 'shel' }), '/provisioners/0/type'],
  [provisioner({ type: 'constructor' }), '/provisioners/0/type'],
  [provisioner({ ...shell, inlines: [] }), '/provisioners/0/inlines'],
  [provisioner({ ...shell, inline: [1, {}] }), '/provisioners/0/inline/1'],
  [provisioner({ ...shell, only: ['vmware'] }), '/provisioners/0/only/0'],
  [provisioner({ ...shell, only: ['qemu'], except: ['qemu'] }), '/provisioners/0/except'],
  [provisioner({ ...shell, override: { vmware: {} } }), '/provisioners/0/override/vmware'],
  [provisioner({ ...shell, override: [] }), '/provisioners/0/override'],
  [provisioner({ ...shell, override: { qemu: { typo: 1 } } }), '/provisioners/0/override/qemu/typo'],
  [provisioner({ ...shell, max_retries: 'often' }), '/provisioners/0/max_retries'],
  [provisioner({ ...shell, valid_exit_codes: ['ok'] }), '/provisioners/0/valid_exit_codes/0'],
  [provisioner({ ...shell, expect_disconnect: 'perhaps' }), '/provisioners/0/expect_disconnect'],
  [provisioner({ type: 'shell', script: '/root/a.sh' }), '/provisioners/0/script'],
  [provisioner({ type: 'shell', scripts: ['a.sh', '../b.sh'] }), '/provisioners/0/scripts/1'],
  [provisioner({ type: 'file', source: 'a' }), '/provisioners/0'],
  [provisioner({ type: 'file', destination: '/a' }), '/provisioners/0'],
  [provisioner({ type: 'file', source: 'a', content: 'b', destination: '/a' }), '/provisioners/0'],
  [provisioner({ type: 'file', source: 'a', destination: '/a', direction: 'up' }), '/provisioners/0/direction'],

  [processor(7), '/post-processors/0'],
  [processor('vagrnt'), '/post-processors/0'],
  [processor({ type: 'vagrant', only: ['x'] }), '/post-processors/0/only/0'],
  [processor({ type: 'chekcsum' }), '/post-processors/0/type'],
  [processor(['checksum', ['compress']]), '/post-processors/0/1'],
  [processor({ type: 'checksum', types: ['sha256'] }), '/post-processors/0/types'],
  [processor({ type: 'checksum', checksum_types: ['crc'] }), '/post-processors/0/checksum_types/0'],
  [processor({ type: 'compress', only: ['x'] }), '/post-processors/0/only/0'],
  [processor({ type: 'compress', compression_level: 'most' }), '/post-processors/0/compression_level'],
];

for (const [document, pointer] of malformed)
  test(`${(JSON.stringify(document) ?? '').slice(0, 120)} is refused at ${JSON.stringify(pointer)}`, () => {
    const errors = errorsOf(() => importPacker(document, options));
    assert.equal(errors[0]?.pointer, pointer, JSON.stringify(errors));
  });

test('a hundred and more malformed templates are among them', () => {
  assert.ok(malformed.length > 100, String(malformed.length));
});

test('a key that stands twice is refused before anything is translated, with its place', () => {
  const bytes = Buffer.from('{"builders": [{"type": "qemu", "type": "qemu"}]}');
  const read = () => readJson({ form: 'JSON', bytes, mostBytes: 1000, name: 'The body', code: 'template_invalid' });
  assert.deepEqual(errorsOf(read)[0]?.pointer, '/builders/0/type');
});

const documents: readonly unknown[] = await Promise.all(
  (await readdir(fixtures)).map(async (name): Promise<unknown> =>
    JSON.parse(await readFile(join(fixtures, name, 'template.json'), 'utf8')),
  ),
);

type Path = readonly (string | number)[];

const pathsOf = (value: unknown): readonly Path[] => {
  if (typeof value !== 'object' || value === null) return [[]];
  const keys = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  return [[], ...keys.flatMap((key) => pathsOf(Reflect.get(value, key)).map((rest) => [key, ...rest]))];
};

const changed = (value: unknown, path: Path, change: (old: unknown) => unknown): unknown => {
  const [key, ...rest] = path;
  if (key === undefined || typeof value !== 'object' || value === null) return change(value);
  const copy: object = Array.isArray(value) ? Array.from<unknown>(value) : { ...value };
  Reflect.set(copy, key, changed(Reflect.get(value, key), rest, change));
  return copy;
};

const strange = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom('', '{{', '{{user `x`}}', '{{ . }}', '<', '\0', 'a'.repeat(5000), -1, 1e300, [], {}, [[]], null),
);

const hasPlace = (document: unknown, pointer: string): boolean => {
  let value = document;
  for (const segment of pointer.split('/').slice(1)) {
    const key = segment.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return false;
    value = Reflect.get(value, key);
  }
  return true;
};

test('whatever stands at whatever place of a template, it is translated or refused at places that it has', () => {
  const mutated = fc
    .constantFrom(...documents)
    .chain((document) =>
      fc
        .tuple(fc.constantFrom(...pathsOf(document)), strange)
        .map(([path, value]) => changed(document, path, () => value)),
    );
  fc.assert(
    fc.property(mutated, (document) => {
      for (const { pointer } of errorsOf(() => importPacker(document, options)))
        assert.ok(hasPlace(document, pointer), `${pointer} is no place of it`);
    }),
    runs(3000),
  );
});

test('a key that is misspelt is refused at its place, in whatever object of a builder or provisioner', () => {
  const misspelt = fc.constantFrom(...documents).chain((document) => {
    const paths = pathsOf(document).filter(
      (path) => ['builders', 'provisioners'].includes(String(path[0])) && path.length === 3 && path[2] !== 'type',
    );
    return fc.constantFrom(...paths).map((path) => {
      const [list = '', index = 0, key = ''] = path;
      return {
        pointer: `/${list}/${index}/${key}x`,
        document: changed(document, [list, index], (old) => ({ ...Object(old), [`${key}x`]: 'x' })),
      };
    });
  });
  fc.assert(
    fc.property(misspelt, ({ document, pointer }) => {
      const errors = errorsOf(() => importPacker(document, options));
      // What another kind takes as it is, is judged where the kind is.
      const isOther =
        /"type":"(ansible|windows-restart)"/.test(JSON.stringify(document)) && pointer.startsWith('/prov');
      assert.ok(isOther || errors.some((error) => error.pointer === pointer), JSON.stringify(errors));
    }),
    runs(2000),
  );
});
