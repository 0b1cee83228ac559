import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { Fault } from '../src/base/fault.ts';
import { importPacker } from './fixtures/import-packer.ts';
import { commonRules } from '../src/packer/import/provisioners/kinds.ts';
import { provisionerKinds } from '../src/packer/import/provisioners/table.ts';
import type { Imported } from '../src/packer/import/types.ts';
import { provisioners, type ProvisionerType } from '../src/provisioners/table.ts';
import { listedUnder } from './fixtures/schema-keys.ts';

const noFiles = { has: () => false, below: () => [] };
const frozen = { buildId: 'b', timestampMs: 0 };

const imported = (document: unknown, variables: Record<string, string> = {}, has: readonly string[] = []): Imported =>
  importPacker(document, { variables, frozen, files: { ...noFiles, has: (path) => has.includes(path) } });

/** The one machine of a template with this builder, and what stands beside it. */
const built = (builder: object, beside: object = {}): Imported['machines'][number] => {
  const [machine] = imported({ builders: [builder], ...beside }).machines;
  assert.ok(machine !== undefined);
  return machine;
};

const qemu = {
  type: 'qemu',
  iso_url: 'https://example.org/a.iso',
  iso_checksum: `sha256:${'a'.repeat(64)}`,
  ssh_username: 'root',
};

const errorsOf = (work: () => unknown): readonly string[] => {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof Fault, String(error));
    assert.equal(error.code, 'template_invalid');
    return (error.facts.errors ?? []).map(({ pointer, message }) => `${pointer} ${message}`);
  }
  return [];
};

/** Holds that a template is refused at exactly these places, each with these words. */
const refused = (document: unknown, ...expected: readonly (readonly [string, RegExp])[]): void => {
  const errors = errorsOf(() => imported(document));
  assert.deepEqual(
    errors.map((error) => error.split(' ')[0]),
    expected.map(([pointer]) => pointer),
    errors.join('\n'),
  );
  for (const [index, [, words]] of expected.entries()) assert.match(errors[index] ?? '', words);
};

test('what Packer has by default stands in the translation', () => {
  const { document } = built({ ...qemu, boot_command: ['<enter>'] });
  assert.deepEqual(document, {
    name: 'qemu',
    machine: {
      disks: [{ size: '40960M', format: 'qcow2' }],
      cdrom: { urls: [qemu.iso_url], checksum: qemu.iso_checksum },
      nics: [{ network: 'outgoing' }],
      display: 'vga',
    },
    install: { boot_command: ['<enter>'], boot_by: 'keyboard', boot_wait: '10s' },
    communicator: { type: 'ssh', username: 'root' },
    artifacts: [{ name: 'packer-qemu', format: 'qcow2', disk: 0 }],
  });
});

test('numbers and booleans may be texts, and texts numbers, as Packer decodes them', () => {
  const { document } = built({
    ...qemu,
    cpus: '2',
    memory: 2048,
    disk_size: 5000,
    disk_image: 'false',
    ssh_port: '2222',
  });
  assert.deepEqual(document['communicator'], { type: 'ssh', username: 'root', port: 2222 });
  const machine = document['machine'] as { cpus: unknown; memory: unknown; disks: unknown }; // as the translation has it
  assert.deepEqual([machine.cpus, machine.memory, machine.disks], [2, '2048', [{ size: '5000', format: 'qcow2' }]]);
});

test('a text where a list is due is one of what stands between its commas, as user variables hold lists', () => {
  const files = { has: (path: string) => path === 'b.iso', below: () => [] };
  const packer = {
    variables: { floppy: 'a/one,two', none: '', urls: 'a.iso,b.iso', scripts: 'x.sh,y.sh', name: 'z', typed: 'a, b' },
    builders: [
      {
        ...qemu,
        ...{
          iso_url: '',
          iso_urls: '{{user `urls`}}',
          floppy_files: '{{user `floppy`}}',
          floppy_dirs: '{{user `none`}}',
        },
        boot_command: 'ls, {{user `typed`}}',
      },
    ],
    provisioners: [
      { type: 'shell', scripts: '{{ user `scripts` }}', environment_vars: 'A=1,B=2', valid_exit_codes: '0,3' },
      { type: 'ansible', playbook_file: 'p.yml', groups: 'web,{{user `name`}}', extra_arguments: '-v' },
    ],
  };
  const { machines, notes } = importPacker(packer, { variables: {}, frozen, files });
  const Made = z.looseObject({ provisioners: z.array(z.looseObject({})), machine: z.looseObject({}), install: z.looseObject({}) }); // prettier-ignore
  const { machine, install, provisioners: made } = Made.parse(machines[0]?.document);
  assert.deepEqual(machine['floppy_of_files'], { files: { one: { file: 'a/one' }, two: { file: 'two' } } });
  assert.equal(machine['cdrom'], 'b.iso');
  assert.deepEqual(install['boot_command'], ['ls, {{user `typed`}}']);
  const [shell, ansible] = made;
  assert.deepEqual([shell?.['scripts'], shell?.['environment_vars'], shell?.['valid_exit_codes']], [['x.sh', 'y.sh'], ['A=1', 'B=2'], [0, 3]]); // prettier-ignore
  assert.deepEqual([ansible?.['groups'], ansible?.['extra_arguments']], [['web', 'z'], ['-v']]);
  const told = notes.filter(({ message }) => message.includes('values that its variables have now'));
  const places = ['/builders/0/floppy_files', '/builders/0/iso_urls', '/provisioners/0/scripts', '/provisioners/1/groups']; // prettier-ignore
  assert.deepEqual([...new Set(told.map(({ pointer }) => pointer))].toSorted(), places);
});

test('sockets, cores and threads say how many processors there are, and bound what "cpus" says', () => {
  const cpusOf = (change: object) => (built({ ...qemu, ...change }).document['machine'] as { cpus?: number }).cpus; // as the translation has it
  assert.equal(cpusOf({ cores: 4 }), 4);
  assert.equal(cpusOf({ sockets: 2, cores: '4', threads: 1 }), 8);
  assert.equal(cpusOf({ threads: 2 }), 2);
  assert.equal(cpusOf({ cpus: 2, cores: 8 }), 2);
  assert.equal(cpusOf({ cpus: 8, sockets: 1, cores: 2 }), 2);
  assert.equal(cpusOf({ cpus: 0, cores: 0 }), undefined);
  assert.equal(cpusOf({ cores: 4, qemuargs: [['-smp', '6']] }), 6);
  refused({ builders: [{ ...qemu, cores: -1 }] }, ['/builders/0/cores', /must not be negative/]);
});

test('a size of nothing or zero, and a time of zero, are the defaults of Packer', () => {
  for (const size of ['', '0', 0]) {
    const { disks } = built({ ...qemu, disk_size: size }).document['machine'] as { disks: unknown }; // as the translation has it
    assert.deepEqual(disks, [{ size: '40960M', format: 'qcow2' }]);
  }
  assert.equal(built({ ...qemu, shutdown_timeout: '0s' }).document['shutdown'], undefined);
});

test('how long an installation may take is said by the key that Packer goes by', () => {
  const timeoutOf = (change: object) =>
    (built({ ...qemu, ...change }).document['install'] as { timeout?: string }).timeout; // as the translation has it
  assert.equal(timeoutOf({ ssh_timeout: '30m', ssh_wait_timeout: '90m' }), '90m');
  assert.equal(timeoutOf({ ssh_timeout: '30m', ssh_wait_timeout: '0s' }), '30m');
  const silent = { communicator: 'none', ssh_username: undefined };
  assert.equal(timeoutOf({ ...silent, shutdown_timeout: '2h' }), '2h');
  assert.equal(timeoutOf({ ...silent, shutdown_timeout: '5m' }), undefined);
  assert.equal(timeoutOf({ shutdown_timeout: '2h' }), undefined);
});

test('a pause behind a provisioner is one before the next, or before one that does nothing', () => {
  const made = (provisioners: readonly object[], builder: object = qemu) => {
    const { machines, notes } = imported({ variables: { long: '1m' }, builders: [builder], provisioners });
    const list = z.array(z.looseObject({ type: z.string() })).parse(machines[0]?.document['provisioners'] ?? []);
    return { list: list.map(({ type, pause_before: pause }) => [type, pause]), notes };
  };
  const shell = { type: 'shell', inline: ['x'] };
  const sleep = { type: 'sleep', duration: '{{user `long`}}' };
  assert.deepEqual(
    made([
      { ...shell, pause_after: '4s' },
      { ...sleep, only: ['qemu'] },
      { ...sleep, duration: '1h', except: ['qemu'] },
      { type: 'file', sources: ['a', 'b'], destination: '/tmp/', pause_before: '1.5s' },
      { ...shell, pause_before: '2s' },
      { ...shell, pause_after: '2m' },
    ]).list,
    [
      ...[['shell', undefined], ['file', '65500ms'], ['file', '1.5s']], // prettier-ignore
      ...[['shell', '2s'], ['shell', undefined], ['shell', '120000ms']], // prettier-ignore
    ],
  );
  const silent = made([sleep], { ...qemu, communicator: 'none', ssh_username: undefined });
  assert.deepEqual(silent.list, []);
  assert.match(silent.notes.map(({ message }) => message).join(), /it is not waited/);
  refused({ builders: [qemu], provisioners: [{ type: 'sleep', duration: 'long' }] }, ['/provisioners/0/duration', /is not a duration/]); // prettier-ignore
});

test('what decides the shape of a machine follows the values that are sent', () => {
  const document = {
    variables: { image: 'false', cpus: '1' },
    builders: [{ ...qemu, disk_image: '{{user `image`}}', cpus: '{{user `cpus`}}' }],
  };
  const [plain] = imported(document).machines;
  const [sent] = imported(document, { image: 'true', cpus: '4' }).machines;
  assert.deepEqual(Object.keys(plain?.document['machine'] ?? {}), ['cpus', 'disks', 'cdrom', 'nics', 'display']);
  assert.deepEqual(sent?.document['machine'], {
    cpus: 4,
    disks: [{ size: '40960M', base: { urls: [qemu.iso_url], checksum: qemu.iso_checksum } }],
    nics: [{ network: 'outgoing' }],
  });
  assert.match(
    imported(document)
      .notes.map(({ message }) => message)
      .join(),
    /values that its variables have now/,
  );
});

test('a variable without a value that decides the shape is asked for, and one that does not is left for the build', () => {
  const variables = { size: null, image: null };
  refused({ variables, builders: [{ ...qemu, disk_size: '{{user `size`}}', disk_image: '{{user `image`}}' }] }, [
    '/builders/0/disk_image',
    /must be known to translate/,
  ]);
  assert.deepEqual(built({ ...qemu, disk_size: '{{user `size`}}' }, { variables }).document['variables'], {
    size: { required: true },
    image: { required: true },
  });
});

test('a default that asks for the environment of the daemon is empty there, and a note says so', () => {
  const { machines, notes } = imported({ variables: { proxy: '{{env `http_proxy`}}' }, builders: [qemu] });
  assert.deepEqual(machines[0]?.document['variables'], { proxy: { default: '' } });
  assert.deepEqual(
    notes.map(({ pointer }) => pointer),
    ['/variables/proxy'],
  );
});

test('sensitive variables are sensitive in every machine', () => {
  const { machines } = imported({
    variables: { password: 'sesame-street' },
    'sensitive-variables': ['password'],
    builders: [qemu, { ...qemu, name: 'other' }],
  });
  for (const { document } of machines)
    assert.deepEqual(document['variables'], { password: { default: 'sesame-street', sensitive: true } });
});

test('a file beside the template is taken before anything is fetched, and needs no checksum', () => {
  const builder = { ...qemu, iso_url: undefined, iso_urls: ['./isos/a.iso', qemu.iso_url] };
  const with_ = imported({ builders: [builder] }, {}, ['isos/a.iso']).machines[0];
  const without = imported({ builders: [builder] }).machines[0];
  assert.deepEqual((with_?.document['machine'] as { cdrom: unknown }).cdrom, 'isos/a.iso');
  assert.deepEqual((without?.document['machine'] as { cdrom: unknown }).cdrom, {
    urls: [qemu.iso_url],
    checksum: qemu.iso_checksum,
  });
  for (const iso_url of ['file://a.iso', 'file:a.iso', 'File:./a.iso']) {
    const alone = imported({ builders: [{ ...qemu, iso_url, iso_checksum: 'none' }] }, {}, ['a.iso']);
    assert.deepEqual((alone.machines[0]?.document['machine'] as { cdrom: unknown }).cdrom, 'a.iso');
  }
});

test('a file of sums beside the template is not read: a local image is taken as it is, and one that is fetched is refused', () => {
  const sums = { ...qemu, iso_url: './a.iso', iso_checksum: 'file:./SUMS' };
  const { machines, notes } = imported({ builders: [sums] }, {}, ['a.iso']);
  assert.equal((machines[0]?.document['machine'] as { cdrom: unknown }).cdrom, 'a.iso'); // as the translation has it
  assert.deepEqual(notes, [{ pointer: '/builders/0/iso_checksum', message: 'has no meaning here: a file of the context or a medium is taken as it is' }]); // prettier-ignore
  refused({ builders: [{ ...sums, iso_url: qemu.iso_url }] }, ['/builders/0/iso_checksum', /no URL: write the digest/]);
});

test('a download of several files is refused, with the way to one', () => {
  for (const source of ['/var/log/*', '/var/log/'])
    refused({ builders: [qemu], provisioners: [{ type: 'file', direction: 'download', source, destination: 'logs/' }] }, ['/provisioners/0/source', /pack them with tar/]); // prettier-ignore
});

test('a bare checksum gets its type by its length, and every form that cannot be is refused', () => {
  const checksum = (iso_checksum: string) =>
    (built({ ...qemu, iso_checksum }).document['machine'] as { cdrom: { checksum: string } }).cdrom.checksum;
  assert.equal(checksum('b'.repeat(128)), `sha512:${'b'.repeat(128)}`);
  assert.equal(checksum('c'.repeat(32)), `md5:${'c'.repeat(32)}`);
  assert.equal(checksum('file:https://example.org/SUMS'), 'file:https://example.org/SUMS');
  for (const wrong of ['sha256:abc', 'sha1:' + 'a'.repeat(64), 'xyz', 'file:./SUMS', 'none'])
    refused({ builders: [{ ...qemu, iso_checksum: wrong }] }, ['/builders/0/iso_checksum', /./]);
});

test('only, except and override say for whom a provisioner is, by the names as they are written', () => {
  const { machines } = imported({
    builders: [qemu, { ...qemu, name: 'b' }, { ...qemu, name: 'c' }],
    provisioners: [
      { type: 'shell', inline: 'one', only: ['b'] },
      { type: 'shell', inline: 'two', except: ['b'], override: { c: { inline: ['three'] } } },
    ],
  });
  const lines = machines.map(({ document }) =>
    (document['provisioners'] as { inline: string[] }[]).flatMap(({ inline }) => inline),
  );
  assert.deepEqual(lines, [['two'], ['one'], ['three']]);
  assert.equal(machines[2]?.pointerOf('/provisioners/0/inline/0'), '/provisioners/1/override/c/inline/0');
  assert.equal(machines[0]?.pointerOf('/provisioners/0/inline/0'), '/provisioners/1/inline');
});

test('what Packer says to ansible of its proxy, of host keys and of scp is a note, and all else stays', () => {
  const { machines, notes } = imported({
    builders: [qemu],
    provisioners: [
      {
        type: 'ansible',
        playbook_file: './play.yml',
        extra_arguments: ['--scp-extra-args', "'-O'", '--become', '--scp-extra-args=-O', '-vv'],
        ansible_env_vars: [
          ...['ANSIBLE_HOST_KEY_CHECKING=False', 'ANSIBLE_FORKS=9', 'ANSIBLE_NOCOWS=1'],
          ...[
            'ANSIBLE_SSH_ARGS=-o ControlMaster=auto',
            'ANSIBLE_ROLES_PATH={{ pwd }}/ansible/roles',
            'PYTHONUNBUFFERED=1',
          ],
        ],
        sftp_command: '/usr/libexec/openssh/sftp-server -e',
        use_proxy: false,
      },
    ],
  });
  assert.deepEqual(machines[0]?.document['provisioners'], [
    {
      type: 'ansible',
      playbook_file: './play.yml',
      extra_arguments: ['--become', '-vv'],
      ansible_env_vars: ['ANSIBLE_FORKS=9'],
      roles_path: 'ansible/roles',
      use_proxy: false,
    },
  ]);
  const told = notes.map(({ pointer }) => pointer).filter((pointer) => pointer.startsWith('/provisioners/0/'));
  assert.deepEqual(told.sort(), [
    '/provisioners/0/ansible_env_vars/0',
    '/provisioners/0/ansible_env_vars/2',
    '/provisioners/0/ansible_env_vars/3',
    '/provisioners/0/ansible_env_vars/5',
    '/provisioners/0/extra_arguments/0',
    '/provisioners/0/extra_arguments/3',
    '/provisioners/0/sftp_command',
  ]);
});

test('keys of powershell that are about Windows are notes, and those that ask for WinRM are refused', () => {
  const script = { type: 'powershell', inline: ['x'] };
  const idle = { execution_policy: 'none', skip_clean: true, remote_path: '/opt/a.ps1' };
  const { machines, notes } = imported({ builders: [qemu], provisioners: [{ ...script, ...idle }] });
  const [made] = z.array(z.record(z.string(), z.unknown())).parse(machines[0]?.document['provisioners']);
  assert.deepEqual(Object.keys(made ?? {}).toSorted(), ['env', 'inline', 'remote_folder', 'type']);
  assert.equal(made?.['remote_folder'], '/opt');
  const told = notes.map(({ pointer }) => pointer).filter((pointer) => pointer.startsWith('/provisioners/0/'));
  assert.deepEqual(told.toSorted(), Object.keys(idle).map((key) => `/provisioners/0/${key}`).toSorted()); // prettier-ignore
  const elevated = { ...script, elevated_user: 'Administrator', elevated_password: 'x' };
  refused({ builders: [qemu], provisioners: [elevated] }, ['/provisioners/0/elevated_user', /there is no WinRM/], ['/provisioners/0/elevated_password', /there is no WinRM/]); // prettier-ignore
});

/** The provisioners whose keys stay as they are. */
const sameTypes = Object.keys(provisionerKinds).filter(
  (type): type is Exclude<ProvisionerType, 'shell' | 'file'> =>
    type in provisioners && !['shell', 'file'].includes(type),
);

test('a key of a provisioner is decoded as Packer does it: texts as booleans and numbers, one text as a list', () => {
  const given = (type: string, key: string, value: unknown): unknown => {
    const [machine] = imported({ builders: [qemu], provisioners: [{ type, [key]: value }] }).machines;
    const [made] = z.array(z.record(z.string(), z.unknown())).parse(machine?.document['provisioners']);
    return made?.[key];
  };
  let seen = 0;
  for (const type of sameTypes)
    for (const { place, key, kind } of listedUnder(provisioners[type].Schema)) {
      if (place.includes('.') || key in commonRules || ['checkpoint', 'type'].includes(key)) continue;
      seen++;
      if (kind === 'boolean')
        assert.deepEqual([given(type, key, 'true'), given(type, key, '0')], [true, false], `${type} ${key}`);
      if (kind === 'array' && !['environment_vars', 'execute_command', 'module_dirs', 'valid_exit_codes'].includes(key))
        assert.deepEqual(given(type, key, 'one'), ['one'], `${type} ${key}`);
    }
  assert.ok(seen > 60, String(seen));
  assert.deepEqual(given('powershell', 'valid_exit_codes', ['0', 3]), [0, 3]);
  refused({ builders: [qemu], provisioners: [{ type: 'ansible', use_proxy: 'maybe' }] }, ['/provisioners/0/use_proxy', /is "maybe", and true or false was due/]); // prettier-ignore
});

test('a wrong place of the translation is told at its place in the template, or at the nearest around it', () => {
  const { pointerOf } = built({ ...qemu, name: 'a', vm_name: 'x', boot_command: ['<foo>'] });
  assert.equal(pointerOf('/install/boot_command'), '/builders/0/boot_command');
  assert.equal(pointerOf('/machine/disks/0/size'), '/builders/0');
  assert.equal(pointerOf('/artifacts/0/name'), '/builders/0/vm_name');
  assert.equal(pointerOf('/name'), '/builders/0/name');
  assert.equal(pointerOf(''), '/builders/0');
  // What is wrong with a whole post-processor is not told at the builder.
  const { machines } = imported({ builders: [qemu], 'post-processors': ['checksum', [{ type: 'artifice', files: ['x'] }]] }); // prettier-ignore
  assert.equal(machines[0]?.pointerOf('/post_processors/1/0'), '/post-processors/1/0');
});

test('each chain of post-processors begins with the disk, which is published where the first of one keeps it', () => {
  const made = (...chains: readonly unknown[]) =>
    built({ ...qemu, vm_name: 'd' }, { 'post-processors': chains }).document['post_processors'] as readonly unknown[];
  const shown = (one: unknown): unknown => {
    if (Array.isArray(one)) return one.map(shown);
    const { type, artifact = 'all', keep_input_artifact: keeps } = one as Record<string, unknown>;
    return `${String(type)} ${String(artifact)}${keeps === true ? ' keep' : ''}`;
  };
  const steps = (...chains: readonly unknown[]) => made(...chains).map(shown);
  assert.deepEqual(steps('compress'), ['compress d']);
  assert.deepEqual(steps(['compress', 'checksum']), ['compress d', 'checksum d.gz']);
  assert.deepEqual(steps('checksum', 'compress'), [['checksum d'], ['compress d keep']]);
  assert.deepEqual(steps({ type: 'compress', keep_input_artifact: true }), ['compress d keep']);
  assert.deepEqual(steps({ type: 'compress', except: ['qemu'] }, 'checksum'), ['checksum d']);
  const others = { type: 'vagrant', except: ['qemu'] };
  assert.deepEqual(steps([others, 'compress', others, 'checksum']), ['compress d', 'checksum d.gz']);
  const box = 'packer_qemu_libvirt_amd64.box';
  assert.deepEqual(steps(['vagrant', 'compress']), ['vagrant d', `compress ${box}`]);
  assert.deepEqual(steps(['vagrant', 'compress'], ['shell-local', 'checksum']), [['vagrant d keep', `compress ${box}`], ['shell-local d', 'checksum d']]); // prettier-ignore
  assert.deepEqual(steps([{ type: 'vagrant', keep_input_artifact: true }, 'checksum']), ['vagrant d keep', `checksum ${box}`]); // prettier-ignore
  assert.deepEqual(steps(['vagrant-cloud', 'compress']), ['compress d']);
  assert.deepEqual(steps(['manifest', 'compress']), ['manifest all', 'compress d']);
  assert.deepEqual(steps('vagrant-cloud', 'compress'), ['compress d keep']);
});

test('vagrant, artifice, shell-local and googlecompute-export of Packer have their keys here', () => {
  const { machines, notes } = imported({
    builders: [{ ...qemu, name: 'mine', vm_name: 'd' }],
    'post-processors': [
      [{ type: 'vagrant', output: 'boxes/{{.BuildName}}-{{ .Provider }}.box', compression_level: '9', vagrantfile_template: './box/Vagrantfile', include: ['info.json'] }], // prettier-ignore
      [
        { type: 'shell-local', inline: ['echo {{user `x`}}'], environment_vars: ['A=b'] },
        { type: 'artifice', files: ['output/*.img'], keep_input_artifact: true },
      ],
      { type: 'googlecompute-export', paths: ['gs://bucket/image.tar.gz'], zone: 'x' },
    ],
    variables: { x: 'y' },
  });
  assert.deepEqual(machines[0]?.document['post_processors'], [
    [
      {
        type: 'vagrant',
        providers: ['libvirt'],
        output: 'mine-libvirt.box',
        compression_level: 9,
        include: ['info.json'],
        vagrantfile_template: 'box/Vagrantfile',
        artifact: 'd',
        keep_input_artifact: true,
      },
    ],
    [
      { type: 'shell-local', inline: ['echo {{user `x`}}'], env: { PACKER_BUILDER_TYPE: 'qemu' }, environment_vars: ['A=b'], artifact: 'd' }, // prettier-ignore
      { type: 'artifice', files: ['*.img'], keep_input_artifact: true, artifact: 'd' },
    ],
    [{ type: 'tarball', artifact: 'd', output: 'image.tar.gz', keep_input_artifact: true }],
  ]);
  assert.deepEqual(
    notes.map(({ pointer }) => pointer),
    ['/post-processors/2/zone', '/post-processors/1/1/files/0', '/post-processors/2/paths/0'],
  );
  const other = imported({
    builders: [{ ...qemu, type: 'qemu', vm_name: 'd' }],
    'post-processors': [{ type: 'vagrant', provider_override: 'vmware' }],
  });
  assert.match(other.notes[0]?.message ?? '', /a box for "vmware", which is not made here: one for libvirt is/);
});

test('shell-local runs its lines under the interpreter that is asked for, whichever shell starts it', () => {
  const local = {
    type: 'shell-local',
    inline: ['set -o pipefail', 'true'],
    inline_shebang: '/bin/bash -e',
    execute_command: ['bash', '-c', '{{.Vars}} {{.Script}}'],
    tempfile_extension: '.sh',
  };
  const { machines, notes } = imported({ builders: [qemu], provisioners: [local], 'post-processors': [local] });
  const inline = ['#!/bin/bash -e', 'set -o pipefail', 'true'];
  const made = { type: 'shell-local', inline, env: { PACKER_BUILDER_TYPE: 'qemu' } };
  assert.deepEqual(machines[0]?.document['provisioners'], [made]);
  assert.deepEqual(machines[0]?.document['post_processors'], [{ ...made, artifact: 'packer-qemu' }]);
  for (const pointer of ['/provisioners/0/tempfile_extension', '/post-processors/0/tempfile_extension'])
    assert.equal(notes.filter((note) => note.pointer === pointer).length, 1, pointer);
  const other = { ...local, execute_command: ['sudo', 'sh', '-c', '{{.Script}}'] };
  const [kept] = imported({ builders: [qemu], provisioners: [other] }).machines;
  assert.deepEqual((kept?.document['provisioners'] as readonly object[])[0], { type: 'shell-local', execute_command: other.execute_command, inline, env: made.env }); // prettier-ignore
});

test('a command that looks into the output folder of Packer is told where the image lies', () => {
  const told = (change: object, local: object) =>
    imported({ builders: [{ ...qemu, ...change }], 'post-processors': [{ type: 'shell-local', ...local }] })
      .notes.filter(({ message }) => message.includes('$IMAGED_ARTIFACTS'))
      .map(({ pointer }) => pointer);
  const inline = ['true', 'qemu-img convert out/x/disk y.raw'];
  assert.deepEqual(told({ output_directory: 'out/x/' }, { inline }), ['/post-processors/0/inline/1']);
  assert.deepEqual(told({}, { command: 'ls output-qemu' }), ['/post-processors/0/command']);
  assert.deepEqual(told({ output_directory: 'elsewhere' }, { inline }), []);
});

test('what a box overrides for its provider counts above what stands beside it', () => {
  const boxes = (override: unknown, type = 'qemu') =>
    imported({ builders: [{ ...qemu, type }], 'post-processors': [{ type: 'vagrant', output: 'a.box', override }] });
  const override = { libvirt: { output: 'l.box', compression_level: 9 }, virtualbox: { output: 'v.box' } };
  const { machines, notes } = boxes(override);
  assert.deepEqual(machines[0]?.document['post_processors'], [
    { type: 'vagrant', providers: ['libvirt'], output: 'l.box', compression_level: 9, artifact: 'packer-qemu' },
  ]);
  assert.equal(machines[0]?.pointerOf('/post_processors/0/output'), '/post-processors/0/override/libvirt/output');
  assert.ok(notes.some(({ pointer, message }) => pointer === '/post-processors/0/override/virtualbox' && message.includes('one for libvirt'))); // prettier-ignore
  assert.throws(() => boxes({ libvirt: { outputt: 'x' } }), /override\/libvirt\/outputt: is an unknown key/);
  assert.throws(() => boxes({ libvirt: 'x' }), /override\/libvirt: must be an object/);
  assert.throws(() => boxes(['x']), /post-processors\/0\/override: must be an object/);
});

test('names, formats, levels and digests of post-processors are those of the template', () => {
  const { document, notes } = (() => {
    const whole = imported({
      builders: [{ ...qemu, vm_name: 'd' }],
      'post-processors': [
        [{ type: 'compress', output: 'out/{{.BuildName}}.tar.xz', compression_level: 9 }],
        [{ type: 'compress', format: 'lz4' }],
        [{ type: 'checksum', checksum_types: ['sha1', 'sha256'], output: 'o/{{ .BuilderType }}.{{.ChecksumType}}' }],
        [{ type: 'manifest', custom_data: { a: 'b' }, strip_path: true }],
        ['manifest'],
      ],
    });
    return { document: whole.machines[0]?.document ?? {}, notes: whole.notes.map(({ message }) => message) };
  })();
  assert.deepEqual(document['post_processors'], [
    [{ type: 'compress', artifact: 'd', format: 'xz', level: 9, output: 'qemu.xz', keep_input_artifact: true }],
    [{ type: 'compress', artifact: 'd', format: 'lz4', keep_input_artifact: true }],
    [
      { type: 'checksum', format: 'gnu', artifact: 'd', types: ['sha1'], output: 'qemu.sha1' },
      { type: 'checksum', format: 'gnu', artifact: 'd', types: ['sha256'], output: 'qemu.sha256' },
    ],
    [{ type: 'manifest', format: 'packer', output: 'packer-manifest.json', custom_data: { a: 'b' } }],
    [{ type: 'manifest', format: 'packer', output: 'packer-manifest-2.json' }],
  ]);
  assert.ok(notes.some((note) => /no tar here/.test(note)));
  assert.ok(notes.some((note) => /where Packer has a TAB/.test(note)));
});

test('a post-processor of Packer that is not made here is a note, and leaves the disk as the artifact', () => {
  const { machines, notes } = imported({
    builders: [{ ...qemu, vm_name: 'd' }],
    'post-processors': [[{ type: 'vagrant-registry', box_tag: 'a/b' }, 'vagrant-cloud'], 'upload'],
  });
  const { artifacts, post_processors: made } = machines[0]?.document ?? {};
  assert.deepEqual([artifacts, made], [[{ name: 'd', format: 'qcow2', disk: 0 }], undefined]);
  assert.deepEqual(
    notes.map(({ pointer, message }) => `${pointer} ${message}`),
    [
      `/post-processors/0/0/type is "vagrant-registry", which is not translated: write imaged's own "vagrant-registry", with its credentials in sensitive variables; the image itself is the artifact`,
      `/post-processors/0/1 is "vagrant-cloud", which is not translated: write imaged's own "vagrant-registry", with its credentials in sensitive variables; the image itself is the artifact`,
      '/post-processors/1 is "upload", which is not made here: the image itself is the artifact',
    ],
  );
});

test('a builder for another cloud or hypervisor is a note beside one that is translated, and an error where it is alone', () => {
  const foreign = { type: 'hyperv-iso', switch_name: 'x', iso_url: 'y' };
  const { machines, notes } = imported({
    builders: [foreign, { ...qemu, name: 'ours' }],
    provisioners: [
      { type: 'shell', inline: ['a'], only: ['hyperv-iso'] },
      { type: 'shell', inline: ['b'], override: { 'hyperv-iso': { inline: ['c'] } } },
    ],
  });
  assert.deepEqual(
    machines.map(({ name, document }) => [name, (document['provisioners'] as unknown[]).length]),
    [['ours', 1]],
  );
  assert.deepEqual(notes, [
    {
      pointer: '/builders/0/type',
      message: 'is "hyperv-iso", which is not translated: no machine is made of this builder',
    },
  ]);
  refused({ builders: [foreign] }, ['/builders/0/type', /"hyperv-iso", which is not translated: there is: .*qemu/]);
  refused({ builders: [{ type: 'qmeu' }, qemu] }, ['/builders/0/type', /did you mean "qemu"/]);
});

test('qemuargs that have a counterpart stand in its place, and no other becomes an argument of QEMU', () => {
  const { document } = built({
    ...qemu,
    memory: 1,
    qemuargs: [['-m', 'size=2G'], ['-smp', 'cpus=4,cores=4'], ['--cpu', 'host'], ['-nographic']],
    boot_command: 'x',
  });
  assert.deepEqual(document['machine'], {
    memory: '2G',
    cpus: 4,
    model: { cpu_model: 'host' },
    disks: [{ size: '40960M', format: 'qcow2' }],
    cdrom: { urls: [qemu.iso_url], checksum: qemu.iso_checksum },
    nics: [{ network: 'outgoing' }],
  });
  // The keys of Packer's go over VNC, also where the serial line is watched.
  const watched = built({ ...qemu, qemuargs: [['-serial', 'stdio']], boot_command: 'x' }).document;
  assert.deepEqual(watched['install'], { boot_command: ['x'], boot_by: 'keyboard', boot_wait: '10s' });
  assert.equal((watched['machine'] as { display: unknown }).display, 'vga'); // as the translation has it
  refused(
    { builders: [{ ...qemu, qemuargs: [['-m', '1G,slots=2'], ['-drive', 'file=/etc/passwd'], 'x'] }] },
    ['/builders/0/qemuargs/0', /"-m 1G,slots=2"/],
    ['/builders/0/qemuargs/1', /no text of a template is an argument of QEMU/],
    ['/builders/0/qemuargs/2', /must be a list/],
  );
});

test('qemuargs for the interface give its model, and those that only shape the run of QEMU are notes', () => {
  const qemuargs = [
    ['-device', 'virtio-net,netdev=user.0'],
    ['-netdev', 'user,id=user.0,hostfwd=tcp::{{ .SSHHostPort }}-:22'],
    ['-machine', 'accel=kvm'],
    ['-vnc', '0.0.0.0:0'],
    ['-boot', 'once=d'],
  ];
  const { machines, notes } = imported({ builders: [{ ...qemu, qemuargs }] });
  const { model } = machines[0]?.document['machine'] as { model: unknown }; // as the translation has it
  assert.deepEqual(model, { net_device: 'virtio-net' });
  const ownName = imported({
    builders: [
      {
        ...qemu,
        qemuargs: [
          ['-netdev', 'user,hostfwd=tcp::{{.SSHHostPort}}-:22,id=forward,net=192.168.76.0/24'],
          ['-device', 'e1000,netdev=forward,id=net0'],
          ['-chardev', 'socket,path=/tmp/qga.sock,server,nowait,id=qga0'],
          ['-device', 'virtserialport,chardev=qga0,name=org.qemu.guest_agent.0'],
        ],
      },
    ],
  });
  const machine = ownName.machines[0]?.document['machine'] as { model: unknown }; // as the translation has it
  assert.deepEqual(machine.model, { net_device: 'e1000' });
  assert.deepEqual(
    notes.map(({ pointer }) => pointer),
    [1, 2, 3, 4].map((index) => `/builders/0/qemuargs/${index}`),
  );
  refused(
    {
      builders: [
        {
          ...qemu,
          qemuargs: [
            ['-device', 'virtio-net,netdev=user.0,mac=x'],
            ['-device', 'usb-host'],
            ['-netdev', 'user,id=second'],
            ['-device', 'e1000,netdev=second'],
            ['-cpu', 'qemu64,+ssse3'],
            ['-bios', 'bios-256k.bin'],
            ['-cdrom', 'second.iso'],
            ['-drive', 'file=virtio-win.iso,media=cdrom'],
            ['-smbios', 'type=1,serial=ds=nocloud;s=http://{{ .HTTPIP }}:{{ .HTTPPort }}/'],
          ],
        },
      ],
    },
    ...[0, 1, 2, 3, 4, 5, 6, 7, 8].map((index) => [`/builders/0/qemuargs/${index}`, /no counterpart/] as const),
  );
});

test('qemuargs as templates of others have them mean what they mean to QEMU', () => {
  const modelOf = (qemuargs: readonly unknown[], change: object = {}) => {
    const files = { has: (path: string) => path.startsWith('http/'), below: () => [] };
    const packer = { builders: [{ ...qemu, ...change, qemuargs }] };
    const { document } = importPacker(packer, { variables: {}, frozen, files }).machines[0] ?? {};
    return document?.['machine'] as Record<string, unknown>; // as the translation has it
  };
  const processors = { 'cores=2,threads=2': 4, '2,sockets=2': 2, 'sockets=2,cores=4,threads=1': 8, 'cpus=1,maxcpus=16,cores=4': 1, '6': 6 }; // prettier-ignore
  for (const [smp, cpus] of Object.entries(processors)) assert.equal(modelOf([['-smp', smp]])['cpus'], cpus, smp);
  const hardware = modelOf([
    ['-M', 'q35,smm=on,accel=kvm:hvf:whpx:tcg'],
    ['-cpu', 'host,+nx'],
    ['-bios', '/usr/share/ovmf/OVMF.fd'],
    ['-device', 'virtio-rng-pci'],
    ['-object', 'rng-random,filename=/dev/urandom,id=rng0'],
    ['-device', 'qemu-xhci'],
    ['-device', 'virtio-tablet'],
    ['-device', 'virtio-scsi-pci,id=scsi0'],
    ['-device', 'scsi-hd,bus=scsi0.0,drive=drive0'],
    ['-device', 'virtio-net-pci,netdev=user.0,bus=pci.1,addr=0x0'],
    ['-netdev', 'user,id=user.0,', 'hostfwd=tcp::{{ .SSHHostPort }}-:22'],
    ['-drive', 'file=output/{{ .Name }},if=virtio,cache=writeback'],
    ['-drive', 'if=pflash,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd'],
    ['-global', 'driver=cfi.pflash01,property=secure,value=on'],
    ['-d', 'guest_errors'],
    ['-usb'],
  ]);
  const model = { machine_type: 'q35', cpu_model: 'host', disk_interface: 'scsi', net_device: 'virtio-net-pci' };
  assert.deepEqual(hardware['model'], model);
  assert.equal(hardware['firmware'], 'uefi');
  assert.equal(modelOf([['-fda', 'cloud.img']])['floppy'], 'cloud.img');
  const booted = { disk_image: true };
  assert.equal(modelOf([['-cdrom', './cidata.iso']], booted)['cdrom'], 'cidata.iso');
  const smbios = ['-smbios', 'type=1,serial=ds=nocloud-net;s=http://{{ .HTTPIP }}:{{.HTTPPort}}/ci/'];
  const seed = modelOf([smbios], { ...booted, http_directory: 'http' })['cloud_init'];
  const named = (name: string) => ({ file: `http/ci/${name}` });
  assert.deepEqual(seed, { by: 'smbios', user_data: named('user-data'), meta_data: named('meta-data'), network_config: named('network-config'), vendor_data: named('vendor-data') }); // prettier-ignore
  const written = modelOf([smbios], { ...booted, http_content: { '/ci/user-data': '#cloud-config' } })['cloud_init'];
  assert.deepEqual(written, { by: 'smbios', user_data: '#cloud-config' });
});

test('qemuargs that write out the disks, CD, flash and network of a builder change nothing of them', () => {
  const builder = { ...qemu, name: 'rocky', vm_name: undefined, communicator: 'none', ssh_username: undefined, iso_target_path: 'cache/rocky.iso' }; // prettier-ignore
  const qemuargs = [
    ['-netdev', 'user,id=net0'],
    ['-device', 'virtio-net-pci,netdev=net0'],
    ['-device', 'virtio-scsi-pci'],
    ['-device', 'virtio-blk-pci,drive=drive0,bootindex=0'],
    ['-device', 'scsi-cd,drive=cdrom0,bootindex=1'],
    ['-machine', 'ubuntu,accel=kvm'],
    ['-drive', 'if=pflash,format=raw,unit=0,readonly=on,file=/usr/share/OVMF/OVMF_CODE.fd'],
    ['-drive', 'if=pflash,format=raw,unit=1,file=x86_64_VARS.fd'],
    ['-drive', 'file=output-rocky/packer-rocky,if=none,id=drive0,cache=writeback,format=qcow2'],
    ['-drive', 'file=cache/rocky.iso,if=none,id=cdrom0,media=cdrom'],
  ];
  const machineOf = (change: object) => built({ ...builder, ...change }).document['machine'] as Record<string, unknown>; // as the translation has it
  const { model, firmware, nics } = machineOf({ qemuargs });
  assert.deepEqual(model, { net_device: 'virtio-net-pci', disk_interface: 'virtio', machine_type: 'pc' });
  assert.deepEqual([firmware, nics], ['uefi', [{ network: 'outgoing' }]]);
  // Packer calls the disks of two builds with one source by the source.
  assert.equal(machineOf({ qemuargs, name: 'one.qemu.rocky' })['firmware'], 'uefi');
  const seed = [['-drive', 'file=seeds.iso,format=raw']];
  assert.equal(machineOf({ qemuargs: seed, disk_image: true })['cdrom'], 'seeds.iso');
  refused(
    {
      builders: [
        { ...builder, qemuargs: [...seed, ['-drive', 'if=pflash,file=data.img'], ['-drive', 'file=output/other']] },
      ],
    },
    ...[0, 1, 2].map((index) => [`/builders/0/qemuargs/${index}`, /no counterpart/] as const),
  );
});

test('a builder that boots by UEFI gets the firmware of the host, and its variables are published unless they are dropped', () => {
  const options = { variables: {}, frozen, files: { has: () => true, below: () => [] } };
  const documentOf = (change: object) => importPacker({ builders: [{ ...qemu, ...change }] }, options).machines[0]?.document as { machine: { firmware?: string; nics: unknown }; artifacts: readonly object[] }; // prettier-ignore
  const plain = documentOf({ efi_boot: true });
  assert.equal(plain.machine.firmware, 'uefi');
  assert.deepEqual(plain.artifacts.at(-1), { efivars: true });
  const dropped = documentOf({ efi_firmware_code: '/usr/share/x.fd', efi_drop_efivars: true });
  assert.equal(dropped.machine.firmware, 'uefi');
  assert.equal(dropped.artifacts.length, 1);
  assert.equal(documentOf({ efi_boot: false }).machine.firmware, undefined);
  const card = documentOf({ qemuargs: [['-device', 'e1000,netdev=user.0,mac=52:54:00:12:34:56']] });
  assert.deepEqual(card.machine.nics, [{ network: 'outgoing', mac: '52:54:00:12:34:56' }]);
});

test('a builder whose name holds blanks has an artifact whose name holds none', () => {
  const options = { variables: {}, frozen, files: { has: () => true, below: () => [] } };
  const [machine] = importPacker({ builders: [{ ...qemu, vm_name: undefined, name: 'Big (blue) one' }] }, options).machines; // prettier-ignore
  assert.deepEqual(machine?.document['artifacts'], [{ name: 'packer-Big-blue-one', format: 'qcow2', disk: 0 }]);
});

test('the own keys of other hypervisors are notes, each with its place', () => {
  const options = { variables: {}, frozen, files: { has: () => true, below: () => [] } };
  for (const [type, keys] of [
    ['virtualbox-iso', ['usb_controller', 'mouse', 'keyboard', 'ssh_listen_address', 'gfx_vram_size']],
    ['vmware-iso', ['vhv_enabled', 'vmx_data', 'tools_upload_flavor']],
    ['parallels-iso', ['prlctl', 'parallels_tools_flavor', 'host_interfaces']],
  ] as const) {
    const asked = Object.fromEntries([...keys, 'winrm_connect_timeout'].map((key) => [key, 'x']));
    const { notes } = importPacker({ builders: [{ ...qemu, ...asked, type }] }, options);
    for (const key of keys)
      assert.ok(
        notes.some(({ pointer }) => pointer === `/builders/0/${key}`),
        `${type} ${key}`,
      );
  }
});

test('memory, processors and UEFI that are set in the words of another hypervisor are taken, above the keys of the builder', () => {
  const options = { variables: { cores: '2' }, frozen, files: { has: () => true, below: () => [] } };
  const modify = (...words: readonly string[]) => ['modifyvm', '{{.Name}}', ...words];
  const set = (...words: readonly string[]) => ['set', '{{.Name}}', ...words];
  for (const [type, key, value, others] of [
    [
      'virtualbox-iso',
      'vboxmanage',
      [modify('--memory', '4096', '--cpus={{user `cores`}}'), modify('--firmware', 'EFI'), modify('--vrde', 'off')],
      true,
    ],
    ['virtualbox-iso', 'vboxmanage', [modify('--memory', '4096'), modify('--cpus', '2', '--firmware', 'efi64')], false],
    ['vmware-iso', 'vmx_data', { MemSize: '4096', numvcpus: 2, firmware: 'efi', 'cpuid.coresPerSocket': '1' }, true],
    ['parallels-iso', 'prlctl', [set('--memsize', '4096', '--cpus', '2'), set('--efi-boot', 'on')], false],
  ] as const) {
    const builder = { ...qemu, type, memory: 512, cpus: 1, [key]: value };
    const { machines, notes } = importPacker({ variables: { cores: '1' }, builders: [builder] }, options);
    const { memory, cpus, firmware } = machines[0]?.document['machine'] as Record<string, unknown>; // as the translation has it
    assert.deepEqual({ memory, cpus, firmware }, { memory: 4096, cpus: 2, firmware: 'uefi' }, type);
    assert.equal(notes.some(({ pointer, message }) => pointer === `/builders/0/${key}` && message.includes('has no meaning')), others); // prettier-ignore
  }
  const wrong = { ...qemu, type: 'virtualbox-iso', vboxmanage: [modify('--memory', 'much')] };
  assert.throws(() => importPacker({ builders: [wrong] }, options), /\/builders\/0\/vboxmanage\/0: has "much"/);
});

test('a CD with the seed of cloud-init becomes that seed', () => {
  const files = { has: () => true, below: (folder: string) => (folder === 'seed' ? ['meta-data', 'user-data'] : []) };
  const seedOf = (change: object) =>
    importPacker({ builders: [{ ...qemu, cd_label: 'CIDATA', ...change }] }, { variables: {}, frozen, files })
      .machines[0]?.document['machine'] as { cloud_init: unknown }; // as the translation has it
  const seed = { user_data: { file: 'seed/user-data' }, meta_data: { file: 'seed/meta-data' } };
  for (const cd_files of [['./seed/*'], ['seed'], ['seed/user-data', './seed/meta-data']])
    assert.deepEqual(seedOf({ cd_files }).cloud_init, seed);
  assert.deepEqual(seedOf({ cd_content: { 'user-data': '#cloud-config' } }).cloud_init, { user_data: '#cloud-config' });
});

test('any other CD, and a floppy, are made of the files that a builder names, by patterns and folders too', () => {
  const there = ['answers/unattend.xml', 'answers/setup.cmd', 'drivers/net/a.inf', 'drivers/b.inf'];
  const files = {
    has: () => true,
    below: (folder: string) =>
      folder === '.' ? there : there.filter((file) => file.startsWith(`${folder}/`)).map((file) => file.slice(folder.length + 1)), // prettier-ignore
  };
  const machineOf = (change: object) =>
    importPacker({ builders: [{ ...qemu, ...change }] }, { variables: {}, frozen, files }).machines[0]?.document[
      'machine'
    ] as Record<string, unknown>; // as the translation has it
  const xml = { 'unattend.xml': { file: 'answers/unattend.xml' } };
  const cmd = { 'setup.cmd': { file: 'answers/setup.cmd' } };
  const floppy = machineOf({
    floppy_files: ['answers/*.xml', 'drivers'],
    floppy_dirs: ['drivers'],
    floppy_content: { 'ks.cfg': 'text' },
    floppy_label: 'OEMDRV',
  })['floppy_of_files'];
  assert.deepEqual(floppy, {
    label: 'OEMDRV',
    files: {
      ...xml,
      'a.inf': { file: 'drivers/net/a.inf' },
      'b.inf': { file: 'drivers/b.inf' },
      drivers: { folder: 'drivers' },
      'ks.cfg': { content: 'text' },
    },
  });
  const cd = machineOf({ cd_files: ['./answers/*', 'drivers'], cd_content: { '/x/y': 'z' } })['cd_of_files'];
  assert.deepEqual(cd, { files: { ...xml, ...cmd, drivers: { folder: 'drivers' }, 'x/y': { content: 'z' } } });
  const within = machineOf({ cd_files: ['drivers/'] })['cd_of_files'];
  assert.deepEqual(within, { files: { 'net/a.inf': { file: 'drivers/net/a.inf' }, 'b.inf': { file: 'drivers/b.inf' } } }); // prettier-ignore
  const other = { cd_label: 'cidata', cd_content: { 'user-data': 'x', b: 'y' } };
  assert.deepEqual(machineOf(other)['cd_of_files'], {
    label: 'cidata',
    files: { 'user-data': { content: 'x' }, b: { content: 'y' } },
  });
  refused({ builders: [{ ...qemu, floppy_files: ['none/*'] }] }, ['/builders/0/floppy_files/0', /names no file/]);
});

test('paths of the machine that Packer ran on are named, wherever they stand', () => {
  const vmm = { type: 'openbsd-vmm', vm_name: 'v', disk_size: '1G', ssh_username: 'root' };
  refused({ builders: [{ ...vmm, boot: '/bsd.rd' }] }, ['/builders/0/boot', /"media:/]);
  refused({ builders: [{ ...vmm, cdrom: '../install.iso' }] }, ['/builders/0/cdrom', /outside of the context/]);
  refused({ builders: [{ ...vmm, ssh_private_key_file: '~/.ssh/id' }] }, [
    '/builders/0/ssh_private_key_file',
    /ssh_public_key/,
  ]);
  refused({ builders: [{ ...qemu, http_directory: '/srv/http' }] }, ['/builders/0/http_directory', /context/]);
  // Packer tries both: a password is enough.
  const { machines, notes } = imported({ builders: [{ ...qemu, ssh_private_key_file: 'ssh/id', ssh_password: 'x' }] });
  assert.deepEqual(machines[0]?.document['communicator'], { type: 'ssh', username: 'root', password: 'x' });
  assert.match(
    notes.map(({ pointer, message }) => `${pointer} ${message}`).join(),
    /ssh_private_key_file is not taken/,
  );
});
