import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { recipeFor } from '../src/build/recipe.ts';
import { listingOf } from '../src/context/listing.ts';
import { importPacker } from './fixtures/import-packer.ts';
import { parseTemplate } from '../src/template/document/template.ts';
import { resolve } from '../src/template/resolve/resolve.ts';

const fixtures = fileURLToPath(new URL('../../test/fixtures/packer', import.meta.url));
const frozen = { buildId: '01J0000000000000000000000A', timestampMs: 0 };

const Anything = z.record(z.string(), z.unknown());

const Document = z.looseObject({
  machine: z.looseObject({ disks: z.array(Anything), cdrom: z.unknown().optional() }),
  http: Anything.default({}),
  install: Anything.optional(),
  communicator: Anything.optional(),
  provisioners: z.array(Anything).default([]),
  artifacts: z.array(Anything),
  // Sequences one after the other.
  post_processors: z.preprocess((list) => (Array.isArray(list) ? list.flat() : list), z.array(Anything).default([])),
});

type Read = z.output<typeof Document>;

const machinesOf = async (name: string, variables: Record<string, string>) => {
  const template: unknown = JSON.parse(await readFile(join(fixtures, name, 'template.json'), 'utf8'));
  const files = listingOf(join(fixtures, name));
  return importPacker(template, { variables, frozen, files }).machines.map((machine) => ({
    name: machine.name,
    document: Document.parse(machine.document),
  }));
};

/** A machine in a few lines, for people to compare with its Packer template. */
const summaryOf = ({
  machine,
  http,
  install,
  communicator,
  provisioners: steps,
  artifacts,
  post_processors: after,
}: Read) => {
  const { disks, cdrom, boot, memory, cpus, display, model } = machine;
  return {
    machine: {
      ...(memory === undefined ? {} : { memory }),
      ...(cpus === undefined ? {} : { cpus }),
      ...(display === undefined ? {} : { display }),
    },
    ...(model === undefined ? {} : { model }),
    disks,
    begins: cdrom ?? boot ?? 'disk',
    http,
    ...(install === undefined ? {} : { install }),
    login: communicator ?? 'none',
    steps: steps.map(({ type, script, scripts, inline, source, content }) =>
      [type, script ?? scripts ?? inline ?? source ?? content].flat().join(' '),
    ),
    gives: [
      ...artifacts.map((artifact) =>
        'file' in artifact
          ? `the file ${String(artifact['file'])}`
          : `${String(artifact['name'])} as ${String(artifact['format'])}`,
      ),
      ...after.flat().map(({ type, artifact }) => `${String(type)} ${String(artifact)}`),
    ],
  };
};

const user = (name: string) => `{{user \`${name}\`}}`;
const spaced = (name: string) => `{{ user \`${name}\` }}`;

const debianIso = {
  urls: [`${user('mirror')}/${user('mirror_directory')}/${user('iso_name')}`],
  checksum: `sha256:${user('iso_checksum')}`,
};
const debian = (steps: string, suffix: string) => ({
  machine: { memory: spaced('memory'), cpus: 1, display: 'vga' },
  disks: [{ size: user('disk_size'), format: 'qcow2' }],
  begins: debianIso,
  http: { '': { folder: user('http_directory') } },
  install: {
    boot_command: ['<esc><wait>', 'auto preseed/url=http://{{.HTTPIP}}:{{.HTTPPort}}/preseed.cfg<wait>', '<enter>'],
    boot_by: 'keyboard',
    boot_wait: '5s',
    timeout: '10000s',
  },
  login: {
    type: 'ssh',
    username: 'vagrant',
    password: 'vagrant',
    timeout: '10000s',
    ...(suffix === '.qcow2.vbox' ? { port: 22 } : {}),
  },
  steps: [steps],
  gives: [`${spaced('template')}${suffix === '' ? '' : '.qcow2'} as qcow2`],
});

/** What Packer would make of each fixture, in imaged's words. */
const expected: Readonly<
  Record<string, { readonly variables?: Record<string, string>; readonly machines: Readonly<Record<string, unknown>> }>
> = {
  'openbsd-autoinstall': {
    machines: {
      'puffy-amd64': {
        machine: { memory: '1024M' },
        disks: [{ size: user('size'), format: 'qcow2' }],
        begins: { kernel: 'bsd.rd', device: 'net' },
        http: {
          '': { folder: 'docroot' },
          'puffy-install.conf': { file: 'docroot/puffy-install.conf.pkr.in', render: true },
        },
        install: {
          boot_command: [
            'A<enter>',
            '<wait5>',
            'http://{{ .HTTPIP }}:{{ .HTTPPort }}/puffy-install.conf<enter>',
            '<wait>I<enter>',
          ],
          boot_by: 'serial',
          boot_wait: '8s',
        },
        login: { type: 'ssh', username: 'root', password: 'sesam-oeffne-dich', timeout: '10m' },
        steps: ['shell pkg_add -I rsync-- rcctl enable ntpd', 'file docroot/motd'],
        gives: [`${user('name')}.qcow2 as qcow2`],
      },
    },
  },
  'openbsd-typed': {
    variables: { root_password: 'correct-horse' },
    machines: {
      'openbsd-vmm': {
        machine: {},
        disks: [{ size: '8G', format: 'raw' }],
        begins: 'install79.iso',
        http: { '/site.sh': { content: `echo built by ${user('root_password')} | sha256` } },
        install: {
          boot_command: [
            'I<enter><wait2>',
            'by-hand<enter><wait2>',
            `${user('root_password')}<enter><wait>${user('root_password')}<enter>`,
            '<wait10m>',
            'R<enter>',
          ],
          boot_by: 'serial',
          boot_wait: '30s',
        },
        login: 'none',
        steps: [],
        gives: ['by-hand.raw as raw'],
      },
    },
  },
  'openbsd-serial': {
    machines: {
      openbsd79: {
        machine: { memory: '1024M', cpus: 2 },
        model: { disk_interface: 'scsi', cpu_model: 'host' },
        disks: [{ size: '20G', format: 'qcow2' }],
        begins: {
          urls: [`${user('mirror')}/7.9/amd64/cd79.iso`],
          checksum: 'sha256:4f2a1d3b7f0a9c5e8d6b2c4a1e3f5d7b9a8c6e4d2b0f1a3c5e7d9b8a6c4e2f01',
        },
        http: {
          '/install.conf': {
            content: `System hostname = obsd\nAllow root ssh login = yes\nPassword for root = ${user('cpus')}-puffies-in-a-row\n`,
          },
          '/disklabel': { content: '/ 5G-* 95%\nswap 1G\n' },
        },
        install: {
          boot_command: [
            'set tty com0<enter>',
            'boot<enter><wait60s>',
            'A<enter><wait10s>http://{{ .HTTPIP }}:{{ .HTTPPort }}/install.conf<enter>',
          ],
          boot_by: 'serial',
          boot_wait: '25s',
          boot_key_interval: '20ms',
          timeout: '45m',
        },
        login: { type: 'ssh', username: 'root', password: '2-puffies-in-a-row', timeout: '45m' },
        steps: [],
        gives: ['openbsd79.qcow2 as qcow2'],
      },
    },
  },
  'debian-three-hosts': {
    machines: {
      'virtualbox-iso': debian('shell scripts/update.sh scripts/sudoers.sh scripts/minimize.sh', '.qcow2.vbox'),
      'vmware-iso': debian('shell scripts/update.sh scripts/minimize.sh', '.qcow2'),
      qemu: debian('shell scripts/update.sh scripts/sudoers.sh scripts/minimize.sh', ''),
    },
  },
  'freebsd-disk': {
    machines: {
      'freebsd-14': {
        machine: { memory: '2048', display: 'vga' },
        model: { machine_type: 'q35', net_device: 'virtio-net' },
        disks: [{ size: '40960', format: 'raw' }, { size: '10G' }, { size: '20480' }],
        begins: {
          urls: ['https://download.freebsd.org/releases/ISO-IMAGES/14.0/FreeBSD-14.0-RELEASE-amd64-disc1.iso'],
          checksum:
            'file:https://download.freebsd.org/releases/ISO-IMAGES/14.0/CHECKSUM.SHA256-FreeBSD-14.0-RELEASE-amd64',
        },
        http: { '': { folder: 'http' } },
        install: {
          boot_command: [
            '<wait10><esc><wait>boot -s<wait><enter><wait15s>',
            '/bin/sh<enter><wait>',
            'mdmfs -s 100m md /tmp<enter><wait>',
            'dhclient -l /tmp/dhclient.leases vtnet0<enter><wait5>',
            'fetch -o /tmp/installerconfig http://{{ .HTTPIP }}:{{ .HTTPPort }}/installerconfig && bsdinstall script /tmp/installerconfig<enter>',
          ],
          boot_by: 'keyboard',
          boot_wait: '-1s',
          timeout: '1h',
        },
        login: { type: 'ssh', username: 'root', password: 'vagrant', timeout: '1h' },
        steps: ['shell scripts/postinstall.sh', 'file /var/log/bsdinstall_log'],
        gives: [
          'packer-freebsd-14 as raw',
          'packer-freebsd-14-1 as raw',
          'packer-freebsd-14-2 as raw',
          'the file bsdinstall_log',
          'checksum packer-freebsd-14',
          'checksum packer-freebsd-14-1',
          'checksum packer-freebsd-14-2',
        ],
      },
    },
  },
  'many-boxes': {
    machines: {
      'generic-alpine-qemu': {
        machine: { memory: '2048', cpus: 2, display: 'vga' },
        disks: [{ size: '131072', format: 'qcow2' }],
        begins: {
          urls: [user('alpine_iso')],
          checksum: 'sha256:c2f2be0ef7cc6ad0cb2b6b9ce4bf1c0f02a6e2a6fcd5cb7bb7c0c3f0f9f6a111',
        },
        http: { '': { folder: 'http' } },
        install: {
          boot_command: [
            'root<enter><wait5>',
            'ifconfig eth0 up && udhcpc -i eth0<enter><wait10>',
            'wget http://{{ .HTTPIP }}:{{ .HTTPPort }}/alpine.answers && setup-alpine -f alpine.answers<enter>',
          ],
          boot_by: 'keyboard',
          boot_wait: '20s',
          timeout: '3600s',
        },
        login: { type: 'ssh', username: 'root', password: 'vagrant', port: 22, timeout: '3600s' },
        steps: ['shell scripts/alpine-network.sh', 'file scripts/zero.sh', 'file scripts/alpine-network.sh'],
        gives: [
          'generic-alpine as qcow2',
          'compress generic-alpine',
          'checksum generic-alpine-qemu-{{user `box_version`}}.gz',
          'checksum generic-alpine-qemu-{{user `box_version`}}.gz',
        ],
      },
      'generic-debian-qemu': {
        machine: { memory: '2048', cpus: 2, display: 'vga' },
        disks: [{ size: '131072', format: 'qcow2' }],
        begins: {
          urls: ['https://cdimage.debian.org/cdimage/release/12.5.0/amd64/iso-cd/debian-12.5.0-amd64-netinst.iso'],
          checksum: 'sha256:013f5b44670d81280b5b1bc02455842b250df2f0c6763398feb69af1a805a14f',
        },
        http: { '': { folder: 'http' } },
        install: {
          boot_command: [
            '<esc><wait>auto url=http://{{ .HTTPIP }}:{{ .HTTPPort }}/debian.cfg priority=critical<enter>',
          ],
          boot_by: 'keyboard',
          boot_wait: '10s',
          timeout: '3600s',
        },
        login: { type: 'ssh', username: 'root', password: 'vagrant', timeout: '3600s' },
        steps: [
          `shell #!/bin/bash -eux apt-get -y update echo ${user('box_version')} > /etc/box`,
          'shell scripts/zero.sh',
          'file scripts/zero.sh',
          'file scripts/alpine-network.sh',
        ],
        gives: [
          'generic-debian as qcow2',
          'compress generic-debian',
          'checksum generic-debian-qemu-{{user `box_version`}}.gz',
          'checksum generic-debian-qemu-{{user `box_version`}}.gz',
        ],
      },
    },
  },
  'qemu-small': {
    machines: {
      qemu: {
        machine: { memory: '1024', display: 'vga' },
        model: { machine_type: 'pc', net_device: 'virtio-net' },
        disks: [{ size: spaced('disk_size'), format: 'qcow2' }],
        begins: { urls: [`${spaced('mirror')}/images/boot.iso`], checksum: 'md5:3d7e4b0b5f4d4d4f9a0d8a4e1b2c3d4e' },
        http: { '': { folder: 'http' } },
        install: {
          boot_command: [
            '<tab> ',
            'ks=http://{{ .HTTPIP }}:{{ .HTTPPort }}/ks.cfg ',
            'console=ttyS0,115200',
            '<enter>',
          ],
          boot_by: 'keyboard',
          boot_wait: '10s',
          timeout: spaced('ssh_timeout'),
        },
        login: { type: 'ssh', username: 'vagrant', password: 'vagrant', timeout: spaced('ssh_timeout') },
        steps: ['shell script/vagrant.sh script/zerodisk.sh'],
        gives: ['packer-qemu as qcow2'],
      },
    },
  },
  'old-keys': {
    machines: {
      'ubuntu1804-parallels': {
        machine: { memory: spaced('memory'), display: 'vga' },
        disks: [{ size: spaced('disk_size'), format: 'qcow2' }],
        begins: `${spaced('iso_path')}/${spaced('iso_name')}`,
        http: { '': { folder: 'http' } },
        install: {
          boot_command: [
            '<enter><wait><f6><esc><wait>',
            '/install/vmlinuz initrd=/install/initrd.gz ',
            `preseed/url=http://{{ .HTTPIP }}:{{ .HTTPPort }}/preseed.cfg hostname=${spaced('hostname')} -- <enter>`,
          ],
          boot_by: 'keyboard',
          boot_wait: '10s',
          timeout: '10000s',
        },
        login: { type: 'ssh', username: spaced('ssh_username'), password: spaced('ssh_password'), timeout: '10000s' },
        steps: ['shell script/update.sh script/cleanup.sh'],
        gives: [
          `${spaced('vm_name')}.qcow2 as qcow2`,
          `compress ${spaced('vm_name')}.qcow2`,
          `checksum ${spaced('vm_name')}.qcow2`,
        ],
      },
    },
  },
  'node-image': {
    variables: { kubernetes_semver: '1.30.0' },
    machines: {
      qemu: {
        machine: { memory: user('memory'), cpus: 2, display: 'vga' },
        model: { net_device: 'virtio-net', disk_interface: 'scsi' },
        disks: [{ size: user('disk_size'), format: 'qcow2' }],
        begins: { urls: [user('iso_url')], checksum: `${user('iso_checksum_type')}:${user('iso_checksum')}` },
        http: { '': { folder: 'http' } },
        install: {
          boot_command: [user('boot_command_prefix'), user('boot_command_suffix')],
          boot_by: 'keyboard',
          boot_wait: user('boot_wait'),
          timeout: '2h',
        },
        login: { type: 'ssh', username: user('ssh_username'), password: user('ssh_password'), timeout: '2h' },
        steps: [
          'shell #!/bin/bash -e while [ ! -f /var/lib/cloud/instance/boot-finished ]; do sleep 1; done',
          'ansible ',
          'shell scripts/seal.sh',
        ],
        gives: [
          `${user('build_name')}-kube-${user('kubernetes_semver')} as qcow2`,
          `checksum ${user('build_name')}-kube-${user('kubernetes_semver')}`,
        ],
      },
    },
  },
  'cloud-disk': {
    machines: {
      'Debian Cloud': {
        machine: {},
        model: { rtc: 'base=utc' },
        disks: [{ base: { urls: [user('image')], checksum: `file:${user('sums')}` } }],
        begins: 'disk',
        http: {},
        install: {
          boot_command: [
            "root<enter><wait5>mkdir -p -m 700 .ssh && echo '{{ .SSHPublicKey }}' > .ssh/authorized_keys<enter>",
          ],
          boot_by: 'serial',
          boot_wait: '1m',
          ends: 'never',
        },
        login: { type: 'ssh', username: 'root', handshake_attempts: 50, pause_before_connecting: '15s' },
        steps: ['shell scripts/clean.sh', 'reboot '],
        gives: [
          `debian-cloud-${user('version')}.qcow2 as qcow2`,
          `checksum debian-cloud-${user('version')}.qcow2`,
          `compress debian-cloud-${user('version')}.qcow2`,
        ],
      },
    },
  },
};

const names = await readdir(fixtures);

test('every Packer template of the fixtures has its expected values', () => {
  assert.deepEqual(names.toSorted(), Object.keys(expected).toSorted());
  assert.equal(names.length, 10);
});

for (const name of names)
  test(`${name}: without a hand on it, its machines are what Packer would make`, async () => {
    const { variables = {}, machines = {} } = expected[name] ?? {};
    const found = (await machinesOf(name, variables)).map(({ name: builder, document }) => [
      builder,
      summaryOf(document),
    ]);
    assert.deepEqual(Object.fromEntries(found), machines);
  });

const isImage = (value: unknown): boolean => typeof value === 'object' && value !== null && 'urls' in value;

/** The document with a listed medium in place of what would be fetched. */
const onThisHost = ({ machine, ...rest }: Read) => ({
  ...rest,
  machine: {
    ...machine,
    ...(isImage(machine.cdrom) ? { cdrom: 'media:iso' } : {}),
    disks: machine.disks.map((disk) => (isImage(disk['base']) ? { ...disk, base: 'media:base' } : disk)),
  },
});

test('every machine of the fixtures is planned on a host that has its media', async () => {
  const home = await mkdtemp(join(tmpdir(), 'packer-fixtures-'));
  try {
    const media = { iso: join(home, 'iso'), base: join(home, 'base') };
    await writeFile(media.iso, 'an installer');
    await writeFile(media.base, Buffer.alloc(2 ** 20));
    for (const name of names) {
      const variables = expected[name]?.variables ?? {};
      for (const { document } of await machinesOf(name, variables)) {
        const spec = await resolve({
          template: parseTemplate(onThisHost(document)),
          variables,
          files: { context: join(fixtures, name), media, host: {} },
          frozen,
          defaults: { timeoutMs: 3_600_000 },
        });
        const steps = recipeFor(spec).steps.map((step) => step.name);
        assert.ok(steps.includes('create-disks') && steps.includes('publish'), `${name}: ${steps.join(' ')}`);
      }
    }
  } finally {
    await rm(home, { recursive: true, force: true });
  }
});
