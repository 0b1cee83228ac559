import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readHclContext } from '../src/packer/hcl/read-context.ts';
import type { HclTemplate } from '../src/packer/hcl/document/read-files.ts';
import { given, refusals } from './fixtures/hcl.ts';

// Compiled, this file stands in dist/test; what it reads is not compiled.
const fixtures = fileURLToPath(new URL('../../test/fixtures/packer-hcl', import.meta.url));

type Json = Readonly<Record<string, unknown>>;

const read = (name: string, others: Partial<Parameters<typeof readHclContext>[1]> = {}): Promise<HclTemplate> =>
  readHclContext(join(fixtures, name), { ...given, ...others });

const listOf = ({ document }: HclTemplate, key: string): readonly Json[] => {
  const list = document[key] ?? [];
  assert.ok(Array.isArray(list), key);
  return list as readonly Json[];
};

test('there are ten templates of different hands', async () => {
  assert.equal((await readdir(fixtures)).length, 10);
});

test('bento-debian: sources from a variable, defaults of null, conditionals over several lines', async () => {
  const template = await read('bento-debian');
  const [qemu, virtualbox] = listOf(template, 'builders');
  assert.deepEqual(qemu, {
    type: 'qemu',
    name: 'qemu.vm',
    boot_command: ['<wait><esc><wait>auto preseed/url=http://{{ .HTTPIP }}:{{ .HTTPPort }}/debian/preseed.cfg<enter>'],
    boot_wait: '10s',
    headless: true,
    http_directory: './http',
    iso_checksum: 'file:https://cdimage.debian.org/cdimage/release/12.11.0/SHA256SUMS',
    iso_url: 'https://cdimage.debian.org/cdimage/release/12.11.0/debian-12.11.0-amd64-netinst.iso',
    memory: 2048,
    shutdown_command: "echo 'vagrant' | sudo -S /sbin/shutdown -hP now",
    ssh_username: 'vagrant',
    ssh_password: 'vagrant',
    vm_name: 'debian-12.11.0-x86_64',
  });
  assert.equal(virtualbox?.['name'], 'virtualbox-iso.vm');
  assert.deepEqual(listOf(template, 'provisioners'), [
    {
      type: 'shell',
      environment_vars: ['HOME_DIR=/home/vagrant', 'http_proxy='],
      execute_command: "echo 'vagrant' | {{ .Vars }} sudo -S -E sh -eux '{{ .Path }}'",
      expect_disconnect: true,
      scripts: ['./scripts/_common/sshd.sh', './scripts/debian/update_debian.sh'],
    },
  ]);
  assert.deepEqual(listOf(template, 'post-processors'), [
    { type: 'vagrant', compression_level: 9, output: './builds/debian.{{ .Provider }}.box' },
  ]);
  assert.deepEqual(template.at('/provisioners/0/scripts'), { file: 'pkr-builder.pkr.hcl', line: 32, column: 5 });
  assert.deepEqual(template.at('/builders/0/memory'), { file: 'pkr-sources.pkr.hcl', line: 18, column: 3 });
  const [refused = ''] = await refusals(read('bento-debian', { variables: { os_arch: 'sparc64' } }));
  assert.match(refused, /^pkr-variables\.pkr\.hcl:11:5: .*The OS architecture type should be either/);
});

test('openbsd-vmm: one file, one source, a sensitive password', async () => {
  const template = await read('openbsd-vmm', { variables: { rel: 79 } });
  const [builder] = listOf(template, 'builders');
  assert.equal(builder?.['type'], 'openbsd-vmm');
  assert.equal(builder['name'], 'base');
  assert.deepEqual(builder['boot_command'], [
    'a<enter>',
    '<wait5>',
    'http://{{ .HTTPIP }}:{{ .HTTPPort }}/install79.conf<enter>',
    'i<enter>',
  ]);
  assert.deepEqual(template.sensitive, ['puffy!']);
  assert.deepEqual(listOf(template, 'provisioners'), [
    { type: 'shell', inline: ['pkg_add -u', 'syspatch || :', 'rcctl disable sndiod'] },
  ]);
});

test('robox: two builders, provisioners for one of them each, a chain of post-processors for both', async () => {
  const template = await read('robox');
  const [openbsd, alpine] = listOf(template, 'builders');
  assert.equal(openbsd?.['vm_name'], 'generic-openbsd7-qemu-v4-3-12');
  assert.deepEqual(openbsd['boot_command'], ['<wait60>I<enter><wait>', 'generic.local<enter><wait>', 'vagrant<enter>']);
  assert.deepEqual(openbsd['qemuargs'], [['-m', '2048M'], ['-smp', '2']]); // prettier-ignore
  assert.deepEqual(alpine, { type: 'qemu', name: 'generic-alpine319-qemu', iso_url: 'alpine.iso' });
  const [first, second] = listOf(template, 'provisioners');
  assert.deepEqual(first?.['only'], ['generic-openbsd7-qemu']);
  assert.equal(first['timeout'], '2h0m0s');
  assert.deepEqual(second, {
    type: 'shell',
    scripts: ['scripts/alpine319/apk.sh'],
    only: ['generic-alpine319-qemu'],
  });
  assert.deepEqual(template.document['post-processors'], [
    [
      {
        type: 'vagrant',
        compression_level: 9,
        keep_input_artifact: false,
        output: 'output/{{ build_name }}-4.3.12.box',
      },
      {
        type: 'checksum',
        checksum_types: ['sha256'],
        output: 'output/{{ build_name }}-4.3.12.box.{{.ChecksumType}}',
      },
    ],
  ]);
});

test('image-builder: objects with optional attributes, regex, merged maps and flattened arguments', async () => {
  const template = await read('image-builder', { variables: { extra: '{ zone = "eu" }' } });
  const [builder] = listOf(template, 'builders');
  assert.equal(builder?.['disk_size'], 20_480);
  assert.equal(builder['output_directory'], './output/ubuntu-2404-kube-v1.31.4');
  assert.deepEqual(builder['cd_files'], ['./cloud-init/meta-data', './cloud-init/user-data']);
  const [ansible] = listOf(template, 'provisioners');
  const pairs = [
    'insecure=false',
    'kubernetes_deb=1.31.4-1.1',
    'kubernetes_semver=v1.31.4',
    'kubernetes_series=v1.31',
    'roles=role-post,role-pre',
    'zone=eu',
  ];
  assert.deepEqual(ansible?.['extra_arguments'], ['-vv', ...pairs.flatMap((pair) => ['--extra-vars', pair])]);
  assert.deepEqual(ansible['ansible_env_vars'], ['ANSIBLE_REMOTE_TEMP=/tmp/.ansible/', 'BUILD=kube-20260115090507']);
  assert.deepEqual(listOf(template, 'post-processors')[0]?.['custom_data'], {
    build_timestamp: '20260115090507',
    host: '{{ build `Host` }}',
    kubernetes_semver: 'v1.31.4',
  });
});

test('cloud-image: contents made of files of the context, JSON and YAML', async () => {
  const template = await read('cloud-image');
  const [builder] = listOf(template, 'builders');
  assert.equal(builder?.['disk_image'], true);
  assert.equal(builder['ssh_username'], 'ops');
  assert.deepEqual(builder['cd_content'], {
    'meta-data': '{"instance-id":"jammy-1","local-hostname":"jammy"}',
    network: '#cloud-config\n"ethernets":\n  "id0":\n    "dhcp4": true\n"version": 2\n',
    'user-data':
      '#cloud-config\nusers:\n  - name: ops\n    ssh_authorized_keys: ["ssh-ed25519 AAAA ops"]\n  - name: ci\nfinal_message: MADE BY PACKER\n',
  });
  assert.match(String(listOf(template, 'provisioners')[0]?.['content']), /^[0-9a-f]{64}$/);
});

test('boot-steps: dynamic blocks within dynamic blocks, and one that makes provisioners', async () => {
  const template = await read('boot-steps', { variables: { nics: ['lan', 'dmz'] } });
  const [builder] = listOf(template, 'builders');
  assert.deepEqual(builder, {
    type: 'proxmox-iso',
    name: 'win',
    boot_command: ['<esc><wait>\n  linux /install/vmlinuz net=lan net=dmz\n<enter>\n'],
    disks: [
      { label: 'data', disk_size: '20G', mirror: { of: 'data-mirror' } },
      { label: 'logs', disk_size: '5G' },
    ],
    network_adapters: [
      { bridge: 'lan', index: 0 },
      { bridge: 'dmz', index: 1 },
    ],
    additional_iso_files: { cd_files: ['./drivers/*'] },
    efi_config: { efi_storage_pool: 'local' },
  });
  assert.deepEqual(listOf(template, 'provisioners'), [
    { type: 'powershell', script: 'scripts/one.ps1' },
    { type: 'powershell', script: 'scripts/two.ps1', pause_before: '30s' },
    { type: 'windows-restart' },
  ]);
});

test('upgraded: what packer hcl2_upgrade writes', async () => {
  const template = await read('upgraded');
  const [builder] = listOf(template, 'builders');
  assert.equal(builder?.['name'], 'autogenerated_1');
  assert.equal(builder['output_directory'], 'packer-stretch-20260115090507');
  assert.equal(builder['shutdown_command'], "echo 'vagrant'|sudo -S shutdown -P now");
  assert.deepEqual(listOf(template, 'provisioners')[0]?.['inline'], [
    'echo "built 2026-01-15" > /etc/issue',
    "awk '{print $1}' /etc/passwd",
  ]);
  assert.deepEqual(template.sensitive, ['vagrant']);
  assert.equal(template.document['description'], undefined);
});

test('alpine-matrix: one source built under two names, with what is different for each', async () => {
  const template = await read('alpine-matrix');
  const builders = listOf(template, 'builders');
  assert.deepEqual(
    builders.map(({ name, iso_checksum }) => [name, iso_checksum]),
    [
      ['alpine-3.20', 'sha256:bb'],
      ['alpine-3.21', 'sha256:aa'],
    ],
  );
  assert.equal(
    builders[1]?.['iso_url'],
    'https://dl-cdn.alpinelinux.org/alpine/v3.21/releases/x86_64/alpine-virt-3.21.2-x86_64.iso',
  );
  assert.deepEqual(listOf(template, 'provisioners'), [
    { type: 'shell', inline: ['apk add doas'], override: { 'alpine-3.20': { inline: ['apk add sudo'] } } },
    { type: 'shell', inline: ['echo alpine-3.20 > /etc/motd'], only: ['alpine-3.20'] },
    { type: 'shell', inline: ['echo alpine-3.21 > /etc/motd'], only: ['alpine-3.21'] },
  ]);
  assert.deepEqual(listOf(template, 'post-processors'), [{ type: 'checksum', output: 'sums', only: ['alpine-3.21'] }]);
});

test('alpine-matrix: only and except choose builders by globs, as those of Packer do', async () => {
  const names = async (choice: { only?: readonly string[]; except?: readonly string[] }) =>
    listOf(await read('alpine-matrix', choice), 'builders').map(({ name }) => name);
  assert.deepEqual(await names({ only: ['alpine.qemu.*-3.21'] }), ['alpine-3.21']);
  assert.deepEqual(await names({ except: ['*.alpine-3.21'] }), ['alpine-3.20']);
  const [none = ''] = await refusals(read('alpine-matrix', { only: ['debian.*'] }));
  assert.equal(none, 'no source is left to build: there is alpine.qemu.alpine-3.20, alpine.qemu.alpine-3.21');
});

test('freebsd: two builds, of which the second builds a source of the first again', async () => {
  const template = await read('freebsd', { variables: { root_password: 'beastie' } });
  const [zfs, ufs, small] = listOf(template, 'builders');
  assert.equal(zfs?.['iso_url'], 'https://download.freebsd.org/releases/amd64/14.2/disc1.iso');
  assert.deepEqual(zfs['http_content'], {
    '/installerconfig':
      'PARTITIONS=DEFAULT\nDISTRIBUTIONS="kernel.txz base.txz"\n\n#!/bin/sh\necho \'beastie-14.2\' | pw usermod root -h 0\nfor f in $(ls); do echo ${f%{.sh}; done\n',
  });
  assert.equal(ufs?.['name'], 'full.qemu.ufs');
  assert.equal(small?.['name'], 'small.qemu.ufs');
  assert.equal(small['disk_size'], '4G');
  assert.deepEqual(listOf(template, 'provisioners'), [
    { type: 'shell', inline: ['pkg install -y zfs-auto-snapshot'], only: ['zfs'] },
    { type: 'shell', inline: ['pkg install -y dump'], only: ['full.qemu.ufs'] },
    { type: 'shell', inline: ['rm -rf /usr/ports'], only: ['small.qemu.ufs'] },
  ]);
  assert.deepEqual(template.document['error-cleanup-provisioner'], {
    type: 'shell',
    inline: ['dmesg > /root/dmesg'],
    only: ['zfs', 'full.qemu.ufs'],
  });
  assert.deepEqual(template.sensitive, ['beastie', 'beastie-14.2']);
  const [unset = ''] = await refusals(read('freebsd'));
  assert.match(unset, /^request:\/variables\/root_password: has no value, and no default at variables\.pkr\.hcl:12:1/);
});

test('arch: values of CSV, of subnets and of dates, a chain and a post-processor beside it', async () => {
  const template = await read('arch');
  const [builder] = listOf(template, 'builders');
  assert.equal(builder?.['iso_url'], 'https://geo.mirror.pkgbuild.com/iso/2026.01.01/archlinux-x86_64.iso');
  assert.equal(builder['memory'], 4096);
  assert.equal(builder['net_bridge'], '10.0.1.0/24');
  assert.deepEqual(builder['boot_command'], [
    '<enter><wait30s>/usr/bin/curl -O http://{{ .HTTPIP }}:{{ .HTTPPort }}/enable-ssh.sh<enter>',
  ]);
  const [provisioner] = listOf(template, 'provisioners');
  assert.deepEqual(Object.keys(provisioner?.['env'] ?? {}), ['ID', 'PACKAGES']);
  assert.equal(provisioner?.['max_retries'], 2);
  assert.deepEqual(template.document['post-processors'], [
    [
      { type: 'compress', name: 'pack', output: 'arch-2026.01.01.tar.gz' },
      { type: 'checksum', checksum_types: ['sha256'] },
    ],
    { type: 'shell-local', inline: ['echo {{ build `PackerRunUUID` }}'] },
  ]);
  const packed = await read('arch', { except: ['pack'] });
  assert.equal(listOf(packed, 'post-processors').length, 1);
});
