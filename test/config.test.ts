import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readArguments } from '../src/cli/arguments.ts';
import { Config, parseConfig } from '../src/config/config.ts';
import { Fault } from '../src/base/fault.ts';
import { tableOfKey } from '../src/config/hypervisor.ts';
import { listedUnder } from './fixtures/schema-keys.ts';

const top = fileURLToPath(new URL('../../', import.meta.url));

const faultOf = (text: string): string => {
  try {
    parseConfig(text, 'imaged.toml');
  } catch (error) {
    assert.ok(error instanceof Fault && error.code === 'configuration_invalid', String(error));
    return error.message;
  }
  return assert.fail(`this was taken: ${text}`);
};

/** Runs the program as a user would, and gives what it said on stderr and its exit code. */
const imaged = (...args: readonly string[]) =>
  new Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>((resolve) => {
    const child = execFile(process.execPath, [join(top, 'dist/src/main.js'), ...args], (_, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });

const inFolder = async (text: string, work: (file: string, folder: string) => Promise<void>) => {
  const folder = await mkdtemp(join(tmpdir(), 'imaged-config-'));
  try {
    const file = join(folder, 'imaged.toml');
    await writeFile(file, text.replaceAll('FOLDER', folder));
    await work(file, folder);
  } finally {
    await rm(folder, { recursive: true });
  }
};

test('the example file names every key there is, and its values are the defaults', async () => {
  const text = await readFile(join(top, 'examples/imaged.toml'), 'utf8');
  assert.deepEqual(parseConfig(text, 'imaged.toml'), parseConfig('', 'imaged.toml'));
  const keys = listedUnder(Config);
  assert.ok(['endpoint_port', 'disk_reserve'].every((name) => keys.some(({ key }) => key === name)));
  for (const { place, key } of keys)
    assert.match(text, new RegExp(`^(# )?(\\[?\\[${place === '' ? '' : `${place}\\.`}${key}\\]|${key} = )`, 'm'), key);
});

// Each key of [hypervisor] as earlier versions had it, with its new place.
const movedKeys: Readonly<Record<string, readonly [table: string, value: string]>> = {
  vmctl: ['vmd', '"/usr/sbin/vmctl"'],
  ifconfig: ['vmd', '"/sbin/ifconfig"'],
  template: ['vmd', '"tmpl"'],
  outgoing_template: ['vmd', '"tmpl-out"'],
  socket: ['vmd', '"/tmp/vmd.sock"'],
  release: ['vmd', '"7.7"'],
  endpoint_port: ['vmd', '9000'],
  binary: ['qemu', '"/usr/bin/qemu"'],
  qemu_img: ['qemu', '"/usr/bin/qemu-img"'],
  netcat: ['qemu', '"/bin/nc"'],
  user: ['qemu', '"nobody"'],
  accelerator: ['qemu', '"tcg"'],
};

test('every old key of [hypervisor] means what its new one does, and is told', () => {
  assert.deepEqual(new Set(tableOfKey.keys()), new Set(Object.keys(movedKeys)), 'a key is missing here');
  for (const [key, [table, value]] of Object.entries(movedKeys)) {
    const { moved, ...was } = parseConfig(`[hypervisor]\n${key} = ${value}`, 'imaged.toml');
    const { moved: none, ...now } = parseConfig(`[hypervisor.${table}]\n${key} = ${value}`, 'imaged.toml');
    assert.deepEqual(was, now, key);
    assert.notDeepEqual(now, parseConfig('', 'imaged.toml').hypervisor, key);
    assert.deepEqual([moved, none], [[{ from: `hypervisor.${key}`, to: `hypervisor.${table}.${key}` }], []]);
    const twice = faultOf(`[hypervisor]\n${key} = ${value}\n[hypervisor.${table}]\n${key} = ${value}`);
    assert.match(
      twice,
      new RegExp(`^imaged.toml: hypervisor\\.${key}: is the old form of hypervisor\\.${table}\\.${key}, and`),
    );
    assert.equal(twice.split('\n').length, 1);
  }
  const { moved, hypervisor } = parseConfig('[hypervisor]\ntype = "vmctl"', 'imaged.toml');
  assert.equal(hypervisor.type, 'vmd');
  assert.deepEqual(moved, [{ from: 'hypervisor.type = "vmctl"', to: 'hypervisor.type = "vmd"' }]);
  assert.match(faultOf('[hypervisor]\nqemu = 1\nbinary = "q"'), /hypervisor\.qemu: /);
});

test('an old key is one line at each start and in "serve -n", and stops nothing', async () => {
  const text = 'data_dir = "FOLDER"\n[hypervisor]\ntype = "qemu"\nbinary = "/nowhere/qemu"\naccelerator = "tcg"\n';
  await inFolder(text, async (file) => {
    const { code, stdout, stderr } = await imaged('serve', '-n', '-f', file);
    assert.equal(code, 0);
    assert.match(stdout, /"binary": "\/nowhere\/qemu"/);
    assert.deepEqual(
      stderr.trim().split('\n'),
      ['binary', 'accelerator'].map(
        (key) => `${file}: hypervisor.${key} is the old form of hypervisor.qemu.${key}: write that instead`,
      ),
    );
  });
});

test('an address is read alike wherever it stands: brackets go, and a port that is written counts', () => {
  const config = parseConfig(
    'listen = "[::1]:65535"\n[communicator]\nbastions = ["Jump.example.org", "[FE80::1]:2222"]\n[fetch]\nhosts = ["[::1]:8000", "*.Example.org"]',
    'imaged.toml',
  );
  assert.deepEqual(config.listen, { host: '::1', port: 65535 });
  assert.deepEqual(config.communicator.bastions, [
    { host: 'jump.example.org', port: 22 },
    { host: 'fe80::1', port: 2222 },
  ]);
  assert.deepEqual(config.fetch.hosts, [
    { name: '::1', isBelow: false, port: 8000 },
    { name: '.example.org', isBelow: true },
  ]);
});

for (const [text, words] of [
  ['workrs = 2', /workrs: there is no such key; did you mean "workers"\?/],
  ['[capacity]\nmemroy = "1G"', /capacity\.memroy: .*"memory"/],
  ['workers = "two"', /imaged\.toml: workers: "two" must be a number, and is a text$/],
  ['workers = 0', /workers: 0 must be at least 1$/],
  ['listen = "everywhere"', /listen: "everywhere" must be address:port/],
  ['listen = "127.0.0.1:99999"', /listen: "127\.0\.0\.1:99999" has a port above 65535$/],
  ['data_dir = "here"', /data_dir: "here" must be an absolute path/],
  ['listen = "127.0.0.1"', /listen: .*must be address:port/],
  ['[communicator]\nbastions = ["jump:99999"]', /communicator\.bastions\.0: "jump:99999" has a port above 65535/],
  ['[communicator]\nbastions = ["jump:0"]', /communicator\.bastions\.0: "jump:0" is no host/],
  ['[fetch]\nhosts = ["files:65536"]', /fetch\.hosts\.0: "files:65536" has a port above 65535/],
  [
    '[[retention.rules]]\nlabels = ["my team=x"]',
    /retention\.rules\.0\.labels\.0: "my team=x" is not written key=value, with a key that a label can have: 1 to 64 letters/,
  ],
  ['[limits]\nbuild_timeout = "soon"', /limits\.build_timeout: "soon" is not a duration/],
  ['[media]\n"a b" = "/etc"', /media\.a b: "a b" is not a name: letters, digits, \. _ -$/],
  ['[hypervisor]\ntype = "vmware"', /hypervisor\.type: "vmware" must be one of "auto", /],
  ['[destinations]\nhttp = "s3cret"', /^(?![^]*s3cret)/],
  ['[mirror]\nupstraem = "https://x/pub/OpenBSD"', /mirror\.upstraem: .*"upstream"/],
  ['[mirror]\nupstream = "ftp://x/pub/OpenBSD"', /mirror\.upstream: .*must be the http or https URL/],
  ['[mirror]\nupstream = "https://me:word@x/pub"', /mirror\.upstream: .*without user, query or fragment/],
  ['[mirror]\nupstream = "https://x/pub?key=1"', /mirror\.upstream: .*without user, query or fragment/],
  ['[mirror]\ndirectory = "srv/OpenBSD"', /mirror\.directory: must be an absolute path/],
  ['[mirror]\ndirectory = "/srv"\nupstream = "http://x/pub"', /mirror\.upstream: excludes directory/],
  [
    '[hypervisor.qemu]\nbinary = ""',
    /hypervisor\.qemu\.binary: "" must be the name of a program, or its absolute path$/,
  ],
  ['[hypervisor.vmd]\nvmctl = "./vmctl"', /hypervisor\.vmd\.vmctl: "\.\/vmctl" must be the name of a program/],
  ['[hypervisor.vmd]\nrelease = "7.1234"', /hypervisor\.vmd\.release: .*must be "auto", "current" or a release/],
  ['[notify]\nwebhooks = "https://ci.example.org/"', /^[^\n]*notify\.webhooks: must be a list, and is a text$/],
  ['workers = ', /imaged\.toml:1:\d+: /],
  [`run_dir = "/${'x'.repeat(80)}"`, /run_dir: .*shorter/],
] as const)
  test(`a configuration with ${JSON.stringify(text.slice(0, 40))} is refused with its place`, () => {
    assert.match(faultOf(text), words);
  });

test('everything that is wrong is told at once, one line each', () => {
  assert.equal(faultOf('workers = 0\nlog_level = "loud"\nnonsense = 1').split('\n').length, 3);
});

test('imaged serve -n prints the configuration and ends with 0', async () => {
  await inFolder('data_dir = "FOLDER/data"', async (file, folder) => {
    const { code, stdout } = await imaged('serve', '-n', '-f', file);
    assert.equal(code, 0);
    assert.match(stdout, new RegExp(`"data_dir": "${folder}/data"`));
  });
});

test('a missing file, an unwritable folder and a port in use are one line and exit 1 each', async () => {
  const missing = await imaged('serve', '-f', '/nonexistent/imaged.toml');
  assert.deepEqual([missing.code, missing.stderr.trimEnd().split('\n').length], [1, 1]);
  assert.match(
    missing.stderr,
    /^imaged: \/nonexistent\/imaged\.toml: cannot be read: no such file or directory \(ENOENT\)\. Name another/,
  );

  await inFolder('data_dir = "/proc/imaged"', async (file) => {
    const { code, stderr } = await imaged('serve', '-f', file);
    assert.equal(code, 1);
    assert.match(stderr, /^imaged: \S+: data_dir: \/proc\/imaged cannot be written/);
  });

  const taken = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => taken.once('listening', resolve));
  const address = taken.address();
  assert.ok(typeof address === 'object' && address);
  await inFolder(`listen = "127.0.0.1:${address.port}"\ndata_dir = "FOLDER/data"`, async (file) => {
    const { code, stderr } = await imaged('serve', '-f', file);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^imaged: listen: 127\.0\.0\.1:\d+ cannot be used: another program listens there already\. Stop it, or set another address or port as listen/,
    );
    assert.equal(stderr.trimEnd().split('\n').length, 1);
  });
  taken.close();
});

test('a mirror whose folders cannot be read is refused with the reason, and keys are not needed without one', async () => {
  const text = 'data_dir = "FOLDER/data"\n[mirror]\nkeys = "FOLDER/nowhere"\n';
  await inFolder(`${text}directory = "FOLDER/imaged.toml"`, async (file, folder) => {
    const { code, stderr } = await imaged('serve', '-n', '-f', file);
    assert.equal(code, 1);
    assert.ok(stderr.includes(`mirror.directory: ${folder}/imaged.toml cannot be read as a folder (ENOTDIR)`), stderr);
    assert.ok(stderr.includes(`mirror.keys: ${folder}/nowhere cannot be read as a folder (ENOENT)`), stderr);
  });
  await inFolder(text, async (file) => assert.equal((await imaged('serve', '-n', '-f', file)).code, 0));
});

for (const [line, why] of [
  ['srve', /^there is no command "srve": did you mean "serve"\?; see imaged --help$/],
  ['token', /^imaged token needs one of add, list, revoke; see/],
  ['token ad x', /^imaged token has no "ad": did you mean "add"\?; see/],
  ['token add', /^imaged token add needs a name; see/],
  ['token revoke', /^imaged token revoke needs an id; see/],
  ['token list x', /^imaged token list takes no "x"; see/],
  ['serve x', /^imaged serve takes no "x"; see/],
  ['serve --nonsense', /^there is no option --nonsense; see/],
  ['-x', /^there is no option -x; see/],
  ['serve --check=1', /^the option -n, --check takes no value; see/],
  ['serve -f', /^the option -f, --file needs a value; see/],
  ['serve -f -n', /^the option -f needs a value; see/],
  ['check --json --fix-print', /not both; see/],
  ['token add -s builds:wirte x', /^there is no scope "builds:wirte": did you mean "builds:write"\?; see/],
  ['token add -e soon x', /^"soon" is not how long a token is valid.*; see/],
  ['token add -e 0d x', /^"0d" is not how long a token is valid.*; see/],
] as const)
  test(`the command line "imaged ${line}" is refused in one line`, () => {
    assert.throws(
      () => readArguments(line.split(' ')),
      (error) => {
        assert.ok(error instanceof Fault);
        assert.match(error.message, why);
        return !error.message.includes('\n');
      },
    );
  });

test('help and version are asked for by option as well as by name', () => {
  for (const name of ['help', 'version']) {
    assert.deepEqual(readArguments([name]), { name });
    assert.deepEqual(readArguments([`--${name}`]), { name });
  }
});

test('a wrong command line ends the program with exit 1 and one line', async () => {
  const { code, stderr } = await imaged('srve');
  assert.deepEqual([code, stderr.split('\n').length], [1, 2]);
});

test('a user for QEMU that is not there, or is root, is one line and exit code 1', async () => {
  if (process.platform !== 'linux') return;
  for (const [user, why] of [
    ['"nobody-knows"', /hypervisor\.qemu\.user: there is no user nobody-knows on this host$/],
    ['"root"', /hypervisor\.qemu\.user: "root" is root/],
    ['0', /hypervisor\.qemu\.user/],
    ['"-u"', /hypervisor\.qemu\.user: .* is not the name of a user/],
  ] as const)
    await inFolder(
      `data_dir = "FOLDER"\n[hypervisor]\ntype = "qemu"\n[hypervisor.qemu]\nuser = ${user}\n`,
      async (file) => {
        const { code, stderr } = await imaged('serve', '-f', file);
        assert.equal(code, 1, user);
        assert.match(stderr.trim(), why);
        assert.equal(stderr.trim().split('\n').length, 1, stderr);
      },
    );
});
