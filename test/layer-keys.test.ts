/* oxlint-disable typescript/no-explicit-any, typescript/no-unsafe-member-access, typescript/no-unsafe-call, typescript/no-unsafe-assignment, typescript/no-unsafe-return --
   a document is anything until it is parsed, and these tests change it everywhere */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { specsOfKeys } from '../src/build/layers/specs-of-keys.ts';
import { makeFileDigests } from '../src/layers/keys/file-digests.ts';
import { changingNames, keysOf, type PlanKey } from '../src/layers/keys/keys.ts';
import { lookInto } from '../src/layers/keys/look-into.ts';
import { firstDifference } from '../src/layers/keys/why.ts';
import { parseTemplate } from '../src/template/document/template.ts';
import { resolve } from '../src/template/resolve/resolve.ts';
import { runs } from './fixtures/long.ts';

const home = await mkdtemp(join(tmpdir(), 'imaged-keys-'));
after(() => rm(home, { recursive: true, force: true }));

const write = async (name: string, text: string, mode = 0o644) => {
  await writeFile(join(home, name), text);
  await chmod(join(home, name), mode);
};
execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(home, 'made')]);
const keyText = await readFile(join(home, 'made'), 'utf8');
const context = join(home, 'context');
await mkdir(join(context, 'tree'), { recursive: true });
await mkdir(join(home, 'sets'));
for (const name of [
  'context/one.sh',
  'context/two.sh',
  'context/tree/deep',
  'sets/base.tgz',
  'kernel',
  'initrd',
  'cd',
  'key',
])
  await write(name, name === 'key' ? keyText : `${name}\n`, name === 'key' ? 0o600 : 0o644);

const base = {
  name: 'keyed',
  variables: { word: { default: 'one' }, hidden: { default: 'secret', sensitive: true } },
  machine: {
    memory: '256M',
    cpus: 1,
    disks: [{ size: '64M' }],
    boot: { kernel: 'media:kernel', initrd: 'media:initrd', append: 'console=ttyS0' },
  },
  http: { greeting: 'hello {{ http_addr }}', sets: { folder: 'media:sets' } },
  install: { console: [{ hear: 'login:', say: 'root' }], ends: 'reboot' },
  communicator: { type: 'ssh', username: 'root' },
  provisioners: [
    { type: 'file', source: 'tree', destination: '/tree' },
    { type: 'shell', name: 'first', script: 'one.sh', env: { WORD: '{{ word }}' } },
    { type: 'shell', name: 'second', script: 'two.sh' },
  ],
  seal: { logs: true },
  shutdown: { command: 'halt -p' },
  artifacts: [{ name: 'disk.qcow2' }],
};

type Document = typeof base;

/** A deep copy that a test may change. */
const changed = (change: (document: any) => void): Document => {
  const document = structuredClone(base);
  change(document);
  return document;
};

const secret = Buffer.alloc(32, 7);
const host = { imaged: '1', hypervisor: 'qemu', version: '7.2', accelerators: 'tcg' };

const keysFor = async (
  document: object,
  more: { readonly host?: Readonly<Record<string, string>>; readonly id?: string; readonly ms?: number; readonly slot?: number; readonly variables?: Record<string, string>; readonly secret?: Buffer; readonly restarts?: ReadonlySet<string> } = {}, // prettier-ignore
): Promise<readonly PlanKey[]> => {
  const { variables = {} } = more;
  const specs = await specsOfKeys(
    { buildId: more.id ?? '01J0000000000000000000000A', timestampMs: more.ms ?? 1_700_000_000_000 },
    (frozen) =>
      resolve({
        template: parseTemplate(document, '', variables),
        variables,
        files: {
          context,
          media: { kernel: join(home, 'kernel'), initrd: join(home, 'initrd'), cd: join(home, 'cd'), sets: join(home, 'sets'), key: join(home, 'key') }, // prettier-ignore
        },
        frozen,
        instance: 'any',
        defaults: { timeoutMs: 3_600_000 },
      }),
  );
  const digests = makeFileDigests(changingNames, Date.now);
  const parts = {
    ...{ secret: more.secret ?? secret, digests, host: more.host ?? host, slot: more.slot ?? 0 },
    restarts: more.restarts ?? new Set<string>(),
  };
  return keysOf(specs, parts, AbortSignal.timeout(30_000));
};

const places = ['install', 'connect', 'provisioners/0', 'provisioners/1', 'provisioners/2', 'seal', 'finish'] as const;
type Place = (typeof places)[number];

/** Which parts have other keys. */
const differing = (one: readonly PlanKey[], other: readonly PlanKey[]): readonly string[] =>
  one.flatMap(({ part, key }, at) => (other[at]?.key === key ? [] : [part]));

const from = (place: Place): readonly string[] => places.slice(places.indexOf(place));

/** What is said of a template after another was kept. */
const wordsOf = (kept: readonly PlanKey[], asked: readonly PlanKey[]): string | undefined =>
  firstDifference(asked.at(-1)?.ingredients ?? [], kept.at(-1)?.ingredients ?? [])?.words;

const changesOf: readonly (readonly [what: string, first: Place, change: (document: any) => void, words: string])[] = [
  [
    'the name of the template, which the guest is called by',
    'install',
    (d) => (d.name = 'other'),
    'install: name has changed',
  ],
  ['memory', 'install', (d) => (d.machine.memory = '512M'), 'install: machine/memory has changed'],
  ['processors', 'install', (d) => (d.machine.cpus = 2), 'install: machine/cpus has changed'],
  [
    'the size of a disk',
    'install',
    (d) => (d.machine.disks[0].size = '65M'),
    'install: machine/disks/0/size has changed',
  ],
  [
    'the format of a disk',
    'install',
    (d) => (d.machine.disks[0].format = 'raw'),
    'install: machine/disks/0/format has changed',
  ],
  ['one more disk', 'install', (d) => d.machine.disks.push({ size: '1M' }), 'install: machine/disks/1/format is new'],
  ['a CD', 'install', (d) => (d.machine.cdrom = 'media:cd'), 'install: machine/cdrom is new'],
  [
    'a CD of files',
    'install',
    (d) => (d.machine.cd_of_files = { label: 'x', files: { a: 'b' } }),
    'install: machine/cd_of_files/label is new',
  ],
  [
    'the network',
    'install',
    (d) => (d.machine.nics = [{ network: 'outgoing' }]),
    'install: machine/nics/0/network has changed',
  ],
  [
    'the MAC',
    'install',
    (d) => (d.machine.nics = [{ mac: '52:54:00:00:00:09' }]),
    'install: machine/nics/0/mac is new',
  ],
  ['the MTU', 'install', (d) => (d.machine.nics = [{ mtu: 1400 }]), 'install: machine/nics/0/mtu is new'],
  ['the firmware', 'install', (d) => (d.machine.firmware = 'uefi'), 'install: machine/firmware is new'],
  ['the display', 'install', (d) => (d.machine.display = 'vga'), 'install: machine/display is new'],
  [
    'the model',
    'install',
    (d) => (d.machine.model = { machine_type: 'q35' }),
    'install: machine/model/machine_type is new',
  ],
  [
    'the processor',
    'install',
    (d) => (d.machine.model = { cpu_model: 'max' }),
    'install: machine/model/cpu_model is new',
  ],
  ['no ramdisk', 'install', (d) => delete d.machine.boot.initrd, 'install: machine/boot/initrd is no longer there'],
  [
    'the command line of the kernel',
    'install',
    (d) => (d.machine.boot.append = 'console=ttyS1'),
    'install: machine/boot/append has changed',
  ],
  [
    'what it boots from',
    'install',
    (d) => Object.assign(d.machine, { cdrom: 'media:cd', boot: { device: 'cdrom' } }),
    'install: machine/cdrom is new',
  ],
  ['a text of the endpoint', 'install', (d) => (d.http.greeting = 'bye'), 'install: http/greeting has changed'],
  ['one more path of the endpoint', 'install', (d) => (d.http.more = 'more'), 'install: http/more is new'],
  [
    'what is typed',
    'install',
    (d) => (d.install.console[0].say = 'toor'),
    'install: install/console/0/say has changed',
  ],
  ['how the installation ends', 'install', (d) => (d.install.ends = 'halt'), 'install: install/ends has changed'],
  ['the login', 'connect', (d) => (d.communicator.username = 'builder'), 'connect: communicator/username has changed'],
  ['the port', 'connect', (d) => (d.communicator.port = 2222), 'connect: communicator/port has changed'],
  ['the password', 'connect', (d) => (d.communicator.password = 'x'), 'connect: communicator/password is new'],
  [
    'a key of the login',
    'connect',
    (d) => (d.communicator.private_key = 'media:key'),
    'connect: communicator/private_key/file is new',
  ],
  [
    'where a file goes',
    'provisioners/0',
    (d) => (d.provisioners[0].destination = '/leaf'),
    'provisioners/0: destination has changed',
  ],
  [
    'another script',
    'provisioners/1',
    (d) => (d.provisioners[1].script = 'two.sh'),
    'provisioners/1: scripts/0/file has changed',
  ],
  [
    'an environment variable',
    'provisioners/1',
    (d) => (d.provisioners[1].env.WORD = 'two'),
    'provisioners/1: env/WORD has changed',
  ],
  [
    'a variable that it uses',
    'provisioners/1',
    (d) => (d.variables.word.default = 'two'),
    'provisioners/1: env/WORD has changed',
  ],
  [
    'a sensitive variable that it uses',
    'provisioners/2',
    (d) => (d.provisioners[2].env = { A: '{{ hidden }}' }),
    'provisioners/2: env/A is new',
  ],
  [
    'the exit codes',
    'provisioners/2',
    (d) => (d.provisioners[2].valid_exit_codes = [0, 1]),
    'provisioners/2: valid_exit_codes has changed',
  ],
  [
    'inline lines',
    'provisioners/2',
    (d) => (d.provisioners[2] = { type: 'shell', name: 'second', inline: 'true' }),
    'provisioners/2: scripts/0/inline is new',
  ],
  [
    'the order',
    'provisioners/1',
    (d) => d.provisioners.push(d.provisioners.splice(1, 1)[0]),
    'provisioners/1: name has changed',
  ],
  ['one provisioner less', 'provisioners/2', (d) => d.provisioners.pop(), 'provisioners/2: type is no longer there'],
  [
    'retries, for a step that is tried again works twice',
    'provisioners/2',
    (d) => (d.provisioners[2].max_retries = 1),
    'provisioners/2: max_retries has changed',
  ],
  [
    'a pause before the login',
    'connect',
    (d) => (d.communicator.pause_before_connecting = '1m'),
    'connect: communicator/pause_before_connecting has changed',
  ],
  [
    'a pause before a provisioner',
    'provisioners/2',
    (d) => (d.provisioners[2].pause_before = '1m'),
    'provisioners/2: pause_before has changed',
  ],
  ['how old what is kept may be', 'install', (d) => (d.cache = { max_age: '1h' }), 'install: cache/max_age is new'],
  [
    'how old what is kept after a provisioner may be',
    'provisioners/1',
    (d) => (d.provisioners[1].max_age = '1h'),
    'provisioners/1: max_age is new',
  ],
  ['what is sealed', 'seal', (d) => (d.seal.host_keys = true), 'seal: seal has changed'],
  [
    'the key of the build, which stays',
    'seal',
    (d) => (d.communicator.keep_key = true),
    'seal: communicator/keep_key has changed',
  ],
  ['how it is shut down', 'seal', (d) => (d.shutdown.command = 'poweroff'), 'seal: shutdown/command has changed'],
  [
    'the name of an artifact',
    'finish',
    (d) => (d.artifacts[0].name = 'other.qcow2'),
    'finish: export-other.qcow2 is new',
  ],
  [
    'the format of an artifact',
    'finish',
    (d) => (d.artifacts[0] = { name: 'disk.raw', format: 'raw' }),
    'finish: export-disk.raw is new',
  ],
  [
    'a post-processor',
    'finish',
    (d) => (d.post_processors = [{ type: 'compress', format: 'gzip' }]),
    'finish: compress-1 is new',
  ],
];

test('whatever of a template can change what comes out changes the keys behind it, none before it, and is named', async (t) => {
  const before = await keysFor(base);
  assert.deepEqual(
    before.map(({ part }) => part),
    places,
  );
  for (const [what, first, change, words] of changesOf)
    await t.test(what, async () => {
      const after = await keysFor(changed(change));
      assert.equal(wordsOf(before, after), words);
      const differs = before.flatMap(({ part, key }) =>
        after.find((one) => one.part === part)?.key === key ? [] : [part],
      );
      assert.deepEqual(differs, from(first));
    });
});

const filesOf: readonly (readonly [name: string, first: Place, words: string])[] = [
  ['kernel', 'install', 'install: medium media:kernel has another digest'],
  ['initrd', 'install', 'install: medium media:initrd has another digest'],
  ['sets/base.tgz', 'install', 'install: medium media:sets has another digest'],
  ['context/tree/deep', 'provisioners/0', 'provisioners/0: file tree has changed'],
  ['context/one.sh', 'provisioners/1', 'provisioners/1: file one.sh has changed'],
  ['context/two.sh', 'provisioners/2', 'provisioners/2: file two.sh has changed'],
];

test('the content and the mode of each file change the keys behind it, whatever its time says', async (t) => {
  for (const [name, first, words] of filesOf)
    await t.test(name, async () => {
      const before = await keysFor(base);
      await write(name, `${name} has changed\n`);
      const other = await keysFor(base);
      assert.equal(wordsOf(before, other), words);
      assert.deepEqual(differing(before, other), from(first));
      await write(name, `${name}\n`, 0o755);
      assert.deepEqual(differing(before, await keysFor(base)), from(first));
      await write(name, `${name}\n`);
      assert.deepEqual(differing(before, await keysFor(base)), []);
    });
});

test('a file that is added to a folder, or goes from it, changes the keys', async () => {
  const before = await keysFor(base);
  await write('context/tree/more', '');
  assert.deepEqual(differing(before, await keysFor(base)), from('provisioners/0'));
  await rm(join(context, 'tree/more'));
  assert.deepEqual(differing(before, await keysFor(base)), []);
});

test('the words say what of the host has changed, and no other thing', async (t) => {
  const before = await keysFor(base);
  for (const name of Object.keys(host))
    await t.test(name, async () => {
      const other = await keysFor(base, { host: { ...host, [name]: 'other' } });
      assert.equal(wordsOf(before, other), `this host: ${name} has changed`);
    });
  const other = await keysFor(base, { secret: Buffer.alloc(32, 8) });
  assert.equal(wordsOf(before, other), 'this host: the secret that keys are made with has changed');
});

test('a value is in a key whatever it is called', async (t) => {
  const env = (text: string) => changed((d) => (d.provisioners[2].env = JSON.parse(text)));
  const pairs: readonly (readonly [what: string, one: Document, other: Document])[] = [
    ['as a file is', env('{"path": "/a", "shown": "x"}'), env('{"path": "/b", "shown": "x"}')],
    ['as a value of the machine is', env('{"runtime": "a", "apply": "x"}'), env('{"runtime": "b", "apply": "x"}')],
    ['as another is, in other letters', env('{"myVar": "a", "my_var": "b"}'), env('{"my_var": "a", "myVar": "b"}')],
  ];
  for (const [what, one, other] of pairs)
    await t.test(what, async () =>
      assert.deepEqual(differing(await keysFor(one), await keysFor(other)), from('provisioners/2')),
    );
});

test('a file that cannot be read is compared with nothing, and named', async () => {
  const digests = makeFileDigests(changingNames, Date.now);
  const part = [['kernel', { path: join(home, 'gone'), shown: 'media:gone' }]] as const;
  const looked = await lookInto(part, { digests, names: changingNames }, AbortSignal.timeout(1000));
  assert.deepEqual(looked.unknown, ['media:gone, which cannot be read (ENOENT)']);
});

/** A folder of some files, each with a mode, and links. */
const anyFolder = fc.dictionary(
  fc.stringMatching(/^[a-c]{1,2}(\/[a-c]{1,2})?$/),
  fc.oneof(
    fc.record({ text: fc.constantFrom('', 'a', 'b'), mode: fc.constantFrom(0o644, 0o755, 0o600) }),
    fc.record({ link: fc.constantFrom('a', 'b/c') }),
    fc.record({ folder: fc.constantFrom(0o755, 0o700) }),
  ),
  { maxKeys: 5, noNullPrototype: true },
);

type AnyFolder = typeof anyFolder extends fc.Arbitrary<infer T> ? T : never;

/** Writes it, and tells what came of it: a name that is taken already stays as it is. */
const writeFolder = async (folder: string, entries: AnyFolder): Promise<string> => {
  await mkdir(folder, { mode: 0o755 });
  const written: unknown[] = [];
  for (const [name, entry] of Object.entries(entries).sort(([one], [other]) => (one < other ? -1 : 1))) {
    const path = join(folder, name);
    try {
      await mkdir(dirname(path), { recursive: true });
      if ('link' in entry) await symlink(entry.link, path);
      else if ('folder' in entry) await mkdir(path);
      else await writeFile(path, entry.text, { flag: 'wx' });
      if (!('link' in entry)) await chmod(path, 'folder' in entry ? entry.folder : entry.mode);
      written.push([name, entry]);
    } catch {
      // A file is where a folder is wanted.
    }
  }
  return JSON.stringify(written);
};

test('two folders have the same digest if and only if they have the same files, links and modes', async () => {
  const digests = makeFileDigests(changingNames, Date.now);
  let count = 0;
  const digestOf = async (entries: AnyFolder) => {
    const folder = join(home, `any-${count++}`);
    const written = await writeFolder(folder, entries);
    const { digest } = await digests.read(folder, AbortSignal.timeout(10_000));
    return { written, digest };
  };
  await fc.assert(
    fc.asyncProperty(anyFolder, anyFolder, async (one, other) => {
      const [first, again, second] = [await digestOf(one), await digestOf(one), await digestOf(other)];
      assert.equal(first.digest, again.digest);
      assert.equal(
        first.digest === second.digest,
        first.written === second.written,
        `${first.written} ${second.written}`,
      );
    }),
    runs(400),
  );
});

test('what the host is changes every key: the hypervisor, its version, the version of imaged, its secret', async () => {
  const before = await keysFor(base);
  for (const name of Object.keys(host))
    assert.deepEqual(differing(before, await keysFor(base, { host: { ...host, [name]: 'other' } })), places, name);
  assert.deepEqual(differing(before, await keysFor(base, { secret: Buffer.alloc(32, 8) })), places);
});

test('what does not change what comes out changes no key: another build, another time, another slot, deadlines, words for people', async (t) => {
  const before = await keysFor(base);
  const same: readonly (readonly [string, () => Promise<readonly PlanKey[]>])[] = [
    ['another build at another time', () => keysFor(base, { id: '01J0000000000000000000000B', ms: 1_800_000_000_000 })],
    ['another slot', () => keysFor(base, { slot: 3 })],
    ['deadlines', () => keysFor(changed((d) => Object.assign(d, { timeout: '9h', install: { ...d.install, timeout: '2h' } })))], // prettier-ignore
    ['how long it waits for a login', () => keysFor(changed((d) => (d.communicator.timeout = '9m')))],
    ['the description', () => keysFor(changed((d) => (d.description = 'other')))],
    ['a variable that nobody uses', () => keysFor(changed((d) => (d.variables.more = { default: 'x' })))],
    ['the cache itself', () => keysFor(changed((d) => (d.cache = { mode: 'only', memory: false })))],
    ['a checkpoint', () => keysFor(changed((d) => (d.provisioners[1].checkpoint = true)))],
    ['a value that is sent and is the default', () => keysFor(base, { variables: { word: 'one' } })],
  ];
  for (const [what, keys] of same)
    await t.test(what, async () => assert.deepEqual(differing(before, await keys()), [], what));
});

const changesOfBuild: readonly (readonly [text: string, words: RegExp])[] = [
  ['{{ build_id }}', /^provisioners\/1 uses the build’s id/],
  ['{{ uuid }}', /^provisioners\/1 uses the build’s id/],
  ['{{ timestamp }}', /^provisioners\/1 uses the time/],
  ['{{ isotime }}', /^provisioners\/1 uses the time/],
  ['{{ http_addr }}', /^provisioners\/1 uses http_addr/],
  ['{{ guest_ip }}', /^provisioners\/1 uses guest_ip/],
  ['{{ ssh_public_key }}', /^provisioners\/1 uses ssh_public_key/],
  ['$IMAGED_BUILD_ID', /^provisioners\/1 names IMAGED_BUILD_ID/],
];

test('what changes with every build is named, and nothing is kept from there on', async (t) => {
  for (const [text, words] of changesOfBuild)
    await t.test(text, async () => {
      const keys = await keysFor(changed((d) => (d.provisioners[1].env.WORD = text)));
      assert.deepEqual(
        keys.map(({ changes }) => changes === undefined),
        [true, true, true, false, false, false, false],
      );
      assert.match(keys[3]?.changes ?? '', words);
    });
  await t.test('in a script', async () => {
    await write('context/one.sh', 'x'.repeat(1024 * 1024 - 4) + '$IMAGED_BUILD_ID');
    const keys = await keysFor(base);
    assert.match(keys[3]?.changes ?? '', /names IMAGED_BUILD_ID/);
    await write('context/one.sh', 'context/one.sh\n');
  });
  await t.test('what runs on the host', async () => {
    const keys = await keysFor(changed((d) => (d.provisioners[1] = { type: 'shell-local', name: 'first', inline: 'true' }))); // prettier-ignore
    assert.match(keys[3]?.changes ?? '', /^provisioners\/1 runs shell-local on this host/);
    const asked = changed((d) => (d.provisioners[1] = { type: 'shell-local', name: 'first', inline: 'true', max_age: '1h' })); // prettier-ignore
    assert.match((await keysFor(asked))[3]?.changes ?? '', /^provisioners\/1 runs shell-local on this host/);
  });
});

test('what a playbook of the host made is kept where its max_age says how long, and known by all of its folder', async () => {
  await mkdir(join(context, 'site/roles/one/tasks'), { recursive: true });
  await write('context/site/play.yml', '- hosts: all\n');
  await write('context/site/roles/one/tasks/main.yml', 'one\n');
  const playing = (more: object) =>
    changed((d) => (d.provisioners[1] = { type: 'ansible', name: 'first', playbook_file: 'site/play.yml', ...more }));
  const [never] = (await keysFor(playing({}))).slice(3);
  assert.match(never?.changes ?? '', /^provisioners\/1 runs ansible on this host.*set max_age to keep its result$/);
  const before = await keysFor(playing({ max_age: '12h' }));
  assert.deepEqual(
    before.filter(({ changes }) => changes !== undefined),
    [],
  );
  await write('context/site/roles/one/tasks/main.yml', 'another\n');
  const after = await keysFor(playing({ max_age: '12h' }));
  assert.deepEqual(differing(before, after), from('provisioners/1'));
  assert.equal(wordsOf(before, after), 'provisioners/1: file site/ has changed');
  await write('context/site/roles/one/tasks/main.yml', '- debug: msg={{ packer_http_addr }}\n');
  assert.match((await keysFor(playing({ max_age: '12h' })))[3]?.changes ?? '', /names packer_http_/);
});

test('where a guest may be started anew is in the keys from there on', async () => {
  const [never, once] = [await keysFor(base), await keysFor(base, { restarts: new Set(['provisioners/1']) })];
  assert.deepEqual(differing(never, once), from('provisioners/1'));
});

test('an installation that is told an address of its own is kept for its slot alone', async () => {
  const addressed = changed((d) => (d.http.greeting = '{{ guest_ip }}'));
  const [one, other] = [await keysFor(addressed, { slot: 1 }), await keysFor(addressed, { slot: 2 })];
  assert.deepEqual(differing(one, other), places);
  assert.equal(one[0]?.ofSlot, true);
});

test('no key and no ingredient shows a sensitive value, or can be guessed without the secret of the host', async () => {
  const keys = await keysFor(changed((d) => (d.provisioners[2].env = { A: '{{ hidden }}' })));
  assert.ok(!JSON.stringify(keys).includes('"secret"'));
  const other = await keysFor(changed((d) => (d.provisioners[2].env = { A: '{{ hidden }}' })), { secret: Buffer.alloc(32, 1) }); // prettier-ignore
  const digests = (of: readonly PlanKey[]) => of.at(-1)?.ingredients.map(({ digest }) => digest) ?? [];
  assert.deepEqual(
    digests(keys).filter((digest) => digests(other).includes(digest)),
    [],
  );
});

const step = fc.oneof(
  fc.record({ type: fc.constant('shell'), inline: fc.array(fc.constantFrom('true', 'ls', 'id'), { minLength: 1, maxLength: 3 }) }), // prettier-ignore
  fc.record({ type: fc.constant('file'), source: fc.constantFrom('one.sh', 'two.sh'), destination: fc.constantFrom('/a', '/b') }), // prettier-ignore
);

const random = fc.record({
  name: fc.constantFrom('a', 'b'),
  machine: fc.record({
    memory: fc.constantFrom('128M', '256M'),
    disks: fc.array(fc.record({ size: fc.constantFrom('8M', '9M') }), { minLength: 1, maxLength: 2 }),
    boot: fc.record({ kernel: fc.constantFrom('media:kernel', 'media:initrd') }),
  }),
  install: fc.record({ ends: fc.constantFrom('reboot', 'halt') }),
  communicator: fc.record({ username: fc.constantFrom('root', 'user') }),
  provisioners: fc.array(step, { maxLength: 4 }),
});

test('two templates have the same key if and only if they have the same input so far', async () => {
  await fc.assert(
    fc.asyncProperty(random, random, async (one, other) => {
      const [first, second] = [await keysFor(one), await keysFor(other)];
      assert.deepEqual(differing(first, await keysFor(structuredClone(one))), []);
      const installs = (of: typeof one) => [of.name, of.machine, of.install];
      const upTo = (of: typeof one, at: number) => [installs(of), of.communicator, of.provisioners.slice(0, at)];
      const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
      assert.equal(first[0]?.key === second[0]?.key, same(installs(one), installs(other)));
      for (let at = 0; at <= Math.min(one.provisioners.length, other.provisioners.length); at++)
        assert.equal(first[at + 1]?.key === second[at + 1]?.key, same(upTo(one, at), upTo(other, at)));
    }),
    runs(800),
  );
});
