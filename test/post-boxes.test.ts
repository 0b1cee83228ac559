import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { destination } from '../src/outward/destination.ts';
import { boxFactsOf } from '../src/base/media-type.ts';
import { runProgram } from '../src/base/program.ts';
import { downloadedFile } from '../src/build/downloaded-file.ts';
import type { HostMeans } from '../src/post-processors/host-means.ts';
import type { ArtifactDraft } from '../src/post-processors/kind.ts';
import { boxVersionOf, versionAt } from '../src/post-processors/vagrant/version.ts';
import { parseTemplate } from '../src/template/document/template.ts';
import { resolve } from '../src/template/resolve/resolve.ts';
import { bench } from './fixtures/post-processing.ts';
import { failsAs } from './store-shop.ts';

const on = () => new AbortController().signal;
const MiB = 1024 ** 2;

/** A bench, on which post-processors run as a template has them. */
const shop = async () => {
  const at = await bench();
  const context = join(at.workspace, 'context');
  await mkdir(context);
  const specsOf = async (post_processors: readonly object[], means: Partial<HostMeans> = {}, more: object = {}) => {
    const template = { name: 'least', machine: { floppy: 'media:floppy', disks: [{ size: '1G' }, { size: '1G' }] }, post_processors, ...more }; // prettier-ignore
    const spec = await resolve({
      template: parseTemplate(template),
      variables: {},
      files: {
        media: { floppy: import.meta.filename },
        context,
        host: { means: { hypervisor: 'qemu', builderId: 'imaged:host/test', destination: destination(() => []), programs: {}, allowsShellLocal: true, ...means } }, // prettier-ignore
      },
      frozen: { buildId: 'b', timestampMs: 0 },
      defaults: { timeoutMs: 1 },
    });
    return spec.postProcessors;
  };
  const run = async (
    drafts: readonly ArtifactDraft[],
    asked: object,
    more: object = {},
  ): Promise<readonly ArtifactDraft[]> => {
    const artifacts = drafts.map(({ name, mediaType }) => ({
      name,
      format: mediaType.includes('raw') ? 'raw' : 'qcow2',
    }));
    const spec = (await specsOf([asked], {}, { artifacts, ...more })).at(-1);
    return spec === undefined ? assert.fail() : at.run(spec, spec.takes, drafts);
  };
  const program = async (file: string, ...args: string[]) => (await runProgram(file, args, { signal: on(), cwd: at.workspace })).stdout; // prettier-ignore
  /** A disk of 40 MiB with a little in it, as a draft. */
  const disk = async (name: string, format: 'raw' | 'qcow2'): Promise<ArtifactDraft> => {
    const raw = join(at.workspace, `${name}.source`);
    const file = await open(raw, 'wx');
    await file.write(randomBytes(100_000), 0, 100_000, 5 * MiB + 5);
    await file.truncate(40 * MiB);
    await file.close();
    const from = join(at.workspace, name);
    await program('qemu-img', 'convert', '-f', 'raw', '-O', format, raw, from);
    return { name, from, mediaType: format === 'raw' ? 'application/x-raw-disk-image' : 'application/x-qemu-disk' };
  };
  const unpacked = async ({ name, from }: ArtifactDraft) => {
    const folder = join(at.workspace, `unpacked-${name}`);
    await mkdir(folder);
    await program('tar', '-xf', from, '-C', folder);
    return { folder, names: (await program('tar', '-tf', from)).trim().split('\n') };
  };
  return { ...at, context, specsOf, run, program, disk, unpacked };
};

const json = async (path: string): Promise<unknown> => JSON.parse(await readFile(path, 'utf8'));

test('a libvirt box has the layout of one disk or of several, the disk byte for byte, and is the same each time', async () => {
  await using at = await shop();
  await writeFile(join(at.context, 'mine.rb'), 'Vagrant.configure("2") { |config| config.ssh.shell = "ksh" }\n');
  await writeFile(join(at.context, 'info.json'), '{}');
  const asked = { type: 'vagrant', vagrantfile_template: 'mine.rb', include: ['info.json'], keep_input_artifact: true };
  const one = await at.disk('a.qcow2', 'qcow2');
  const [kept, box] = await at.run([one], asked);
  assert.deepEqual([kept?.name, box?.name], ['a.qcow2', 'packer_least_libvirt_amd64.box']);
  assert.ok(box !== undefined);
  assert.deepEqual(boxFactsOf(box.mediaType), {
    provider: 'libvirt',
    architecture: 'amd64',
    version: '20231114.221320.0',
  });
  const { folder, names } = await at.unpacked(box);
  assert.deepEqual(names, ['metadata.json', 'Vagrantfile', 'info.json', 'box.img']);
  assert.deepEqual(await json(join(folder, 'metadata.json')), { provider: 'libvirt', architecture: 'amd64', format: 'qcow2', virtual_size: 1 }); // prettier-ignore
  const vagrantfile = await readFile(join(folder, 'Vagrantfile'), 'utf8');
  assert.match(
    vagrantfile,
    /provider :libvirt do[^]*driver = "kvm"[^]*provider :qemu do[^]*\nend\n[^]*config\.ssh\.shell = "ksh"/,
  );
  await at.program('cmp', join(folder, 'box.img'), one.from);
  const [, again] = await at.run([one], asked);
  assert.deepEqual([again?.known, again?.from === box.from], [box.known, false]);
  const two = await at.run([one, await at.disk('b.qcow2', 'qcow2')], { type: 'vagrant', providers: ['qemu'], compression_level: 0, output: 'x-{{ provider }}.box', version: '1.2.0', architecture: '386' }); // prettier-ignore
  assert.deepEqual(two.map(({ name, mediaType }) => [name, boxFactsOf(mediaType)]), [['x-qemu.box', { provider: 'libvirt', architecture: 'i386', version: '1.2.0' }]]); // prettier-ignore
  const several = await at.unpacked(two[0] ?? box);
  assert.deepEqual(await json(join(several.folder, 'metadata.json')), {
    ...{ provider: 'libvirt', architecture: 'i386' },
    disks: [
      { path: 'box_0.img', format: 'qcow2' },
      { path: 'box_1.img', format: 'qcow2' },
    ],
  });
  assert.equal(existsSync(one.from), false, 'what is not kept is gone');
});

test('a VirtualBox box has a machine with a VMDK for each disk, equal to it and as large as the machine says', async () => {
  await using at = await shop();
  const disks = [await at.disk('a.qcow2', 'qcow2'), await at.disk('b.raw', 'raw')];
  const [box, ...none] = await at.run(disks, { type: 'vagrant', providers: ['virtualbox'] });
  assert.ok(box !== undefined && none.length === 0);
  const { folder, names } = await at.unpacked(box);
  assert.deepEqual(names, ['metadata.json', 'Vagrantfile', 'box.ovf', 'box-disk001.vmdk', 'box-disk002.vmdk']);
  assert.deepEqual(await json(join(folder, 'metadata.json')), { provider: 'virtualbox', architecture: 'amd64' });
  assert.match(await readFile(join(folder, 'Vagrantfile'), 'utf8'), /config\.vm\.base_mac = "080027[0-9A-F]{6}"/);
  const ovf = await readFile(join(folder, 'box.ovf'), 'utf8');
  const python = 'import sys, xml.etree.ElementTree as t; print(t.parse(sys.argv[1]).getroot().tag)';
  assert.match(await at.program('python3', '-c', python, join(folder, 'box.ovf')), /ovf\/envelope\/1}Envelope/);
  for (const [index, source] of ['a.qcow2.source', 'b.raw.source'].entries()) {
    const vmdk = join(folder, `box-disk00${index + 1}.vmdk`);
    await at.program('qemu-img', 'compare', '-f', 'raw', '-F', 'vmdk', source, vmdk);
    assert.ok(ovf.includes(`ovf:href="box-disk00${index + 1}.vmdk" ovf:id="file${index}" ovf:size="${(await stat(vmdk)).size}"`)); // prettier-ignore
  }
  assert.equal([...ovf.matchAll(/ovf:capacity="41943040"/g)].length, 2);
  const left = await readdir(at.workspace);
  assert.deepEqual(
    left.filter((name) => name.startsWith('draft')).length,
    1,
    `only the box is left: ${left.join(' ')}`,
  );
  const told = at.tools.told.filter(({ type }) => type === 'artifact.progress');
  assert.ok(told.length > 0);
});

test('a tarball holds disk.raw of a whole gigabyte, equal to the disk and zero behind it', async () => {
  await using at = await shop();
  const [file, ...none] = await at.run([await at.disk('a.qcow2', 'qcow2')], { type: 'tarball' });
  assert.ok(file !== undefined && none.length === 0);
  assert.deepEqual([file.name, file.mediaType], ['least.tar.gz', 'application/gzip']);
  const { folder, names } = await at.unpacked(file);
  assert.deepEqual(names, ['disk.raw']);
  const unpacked = join(folder, 'disk.raw');
  assert.equal((await stat(unpacked)).size, 1024 * MiB);
  assert.ok((await stat(unpacked)).blocks * 512 < 4 * MiB, 'it is sparse');
  await at.program('cmp', '-n', String(40 * MiB), unpacked, 'a.qcow2.source');
});

test('artifice puts files that are named, some by a pattern, in place of what there is', async () => {
  await using at = await shop();
  for (const name of ['guest.log', 'guest.txt']) await writeFile(downloadedFile(at.workspace, name), name);
  const provisioners = ['guest.log', 'guest.txt'].map((name) => ({ type: 'file', direction: 'download', source: `/tmp/${name}`, destination: name })); // prettier-ignore
  const more = { provisioners, communicator: { type: 'ssh' } };
  const given = await at.run([await at.disk('a.qcow2', 'qcow2'), await at.disk('b.raw', 'raw')], { type: 'artifice', files: ['*.l?g', 'b.*'] }, more); // prettier-ignore
  assert.deepEqual(await at.publish(given), ['b.raw', 'guest.log']);
  assert.equal(await readFile(join(at.folder, 'guest.log'), 'utf8'), 'guest.log');
  const kept = await at.run([await at.disk('c.raw', 'raw')], { type: 'artifice', files: ['guest.[st]*'], keep_input_artifact: true }, more); // prettier-ignore
  assert.deepEqual(
    kept.map(({ name }) => name),
    ['c.raw', 'guest.txt'],
  );
});

test('scripts on the host read the artifacts, which go on as they are, and what they leave joins them', async () => {
  await using at = await shop();
  const from = join(at.workspace, 'a.raw');
  await writeFile(from, 'bytes');
  const draft = { name: 'a.raw', from, mediaType: 'application/x-raw-disk-image' };
  const asked = {
    type: 'shell-local',
    inline: ['env | LC_ALL=C sort | cut -d= -f1 | tr "\\n" " "; echo', 'tr a-z A-Z <"$IMAGED_ARTIFACTS/a.raw" >upper', 'echo by "$PACKER_BUILD_NAME" "$WHO"'], // prettier-ignore
    env: { WHO: 'me' },
    makes: [{ name: 'upper', max_size: '1M' }],
  };
  const given = await at.run([draft], asked);
  assert.deepEqual(
    given.map(({ name }) => name),
    ['a.raw', 'upper'],
  );
  assert.equal(await readFile(given[1]?.from ?? '', 'utf8'), 'BYTES');
  assert.equal(await readFile(from, 'utf8'), 'bytes');
  const [names = '', by] = at.tools.lines;
  assert.equal(names.trim(), 'HOME IMAGED_ARTIFACTS IMAGED_BUILD_ID LC_ALL PACKER_BUILDER_TYPE PACKER_BUILD_NAME PATH PWD TMPDIR WHO'); // prettier-ignore
  assert.equal(by, '  by least me');
  const makes = { ...asked, makes: [{ name: 'upper', max_size: '1M' }] };
  for (const inline of [
    'true',
    'ln -s /etc/passwd upper',
    'mkfifo upper',
    'mkdir upper',
    'head -c 2000000 /dev/zero >upper',
    'ln /etc/hostname upper || cp "$IMAGED_ARTIFACTS/a.raw" x; ln x upper',
    'exit 3',
  ])
    // prettier-ignore
    await assert.rejects(at.run([draft], { ...makes, inline }), failsAs('provisioner_failed'), inline);
  assert.deepEqual(
    (await readdir(at.workspace)).filter((name) => name.startsWith('imaged-host')),
    [],
  );
  assert.deepEqual(await at.run([draft], { ...makes, only_on: ['windows'] }), [draft]);
});

const refusals = [
  [[{ type: 'vagrant', providers: ['libvirt', 'qemu'] }], '/post_processors/0/providers', /the same box/],
  [[{ type: 'vagrant' }], '/post_processors/0', /"r.raw" is raw: export it as qcow2/, { artifacts: [{ name: 'r.raw', format: 'raw' }] }], // prettier-ignore
  [[{ type: 'compress' }, { type: 'vagrant' }], '/post_processors/1', /no disk to make a box of/],
  [[{ type: 'vagrant', version: 'v1' }], '/post_processors/0/version', /takes for no version/],
  [[{ type: 'vagrant', architecture: 'x; y' }], '/post_processors/0/architecture', /no architecture/],
  [[{ type: 'vagrant', include: ['none'] }], '/post_processors/0/include/0', /none/],
  [[{ type: 'vagrant', output: '../x' }], '/post_processors/0', /cannot be the name/],
  [[{ type: 'vagrant', providers: ['libvirt', 'virtualbox'], output: 'x.box' }], '/post_processors/0', /a second time/],
  [[{ type: 'tarball' }], '/post_processors/0', /takes one disk, and there are 2/, { artifacts: [{}, { disk: 1 }] }],
  [[{ type: 'artifice', files: ['x*'] }], '/post_processors/0', /"x\*", and there is no such file by then/],
  [[{ type: 'shell-local', inline: 'id' }], '/post_processors/0/type', /does not allow it/],
  [[{ type: 'shell-local', inline: 'echo {{ http_ip }}' }], '/post_processors/0/inline', /http_ip/],
  [[{ type: 'shell-local' }], '/post_processors/0', /exactly one of/],
] as const;

test('what cannot be made is refused with its place before anything runs', async () => {
  await using at = await shop();
  for (const [asked, pointer, message, more = {}] of refusals) {
    await assert.rejects(at.specsOf(asked, { allowsShellLocal: false }, more), (error: unknown) => {
      const { errors = [] } =
        (error as { facts?: { errors?: readonly { pointer: string; message: string }[] } }).facts ?? {};
      const found = errors.filter((one) => one.pointer === pointer && message.test(one.message));
      assert.ok(found.length > 0, `${JSON.stringify(asked)}: ${JSON.stringify(errors)}`);
      return true;
    });
  }
});

test('the room that VMDKs take beside their box is asked for', async () => {
  await using at = await shop();
  const mbOf = async (...providers: string[]) => {
    const [, spec] = await at.specsOf([{ type: 'vagrant', providers }]);
    return spec?.newMb ?? 0;
  };
  const [libvirt, virtualbox] = [await mbOf('libvirt'), await mbOf('virtualbox')];
  assert.ok(libvirt > 1024 && virtualbox > libvirt + 1024, `${libvirt} and ${virtualbox}`);
});

test('a version is one that RubyGems takes, and a later build has a newer one', () => {
  for (const version of ['1', '1.2.0', '20260131.0.1', '1.0.0.rc1', '1.0-beta'])
    assert.equal(boxVersionOf(version), version);
  for (const version of ['', 'v1', '1..2', '1.2.', 'latest', `1.${'2'.repeat(80)}`])
    assert.throws(() => boxVersionOf(version));
  assert.equal(versionAt(Date.UTC(2026, 0, 31, 9, 30, 0)), '20260131.93000.0');
});
