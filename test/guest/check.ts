import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process, { argv, stdout } from 'node:process';
import { out, start } from './machine.ts';

// Boots what test/guest/build made and proves what its README promises. Run through test/guest/check.

const rounds = Number(argv[3] ?? 1);
const scratch = mkdtempSync(join(tmpdir(), 'guest-check-'));
const disk = (name: string, ...how: readonly string[]): string => {
  const path = join(scratch, name);
  const made = spawnSync('qemu-img', [
    'create',
    '-q',
    '-f',
    'qcow2',
    ...how,
    path,
    ...(how.length > 0 ? [] : ['256M']),
  ]);
  if (made.status !== 0) throw new Error(`qemu-img: ${made.stderr.toString()}`);
  return path;
};
const claim = (fact: boolean, what: string): void => {
  if (!fact) throw new Error(`not so: ${what}`);
};

const prompt = /\(I\)nstall, \(U\)pgrade, \(A\)utoinstall or \(S\)hell\? $/;

const cycle = async () => {
  const drive = disk('cycle.qcow2');
  const bytes = Buffer.alloc(1 << 20, 'cycle bytes ');
  writeFileSync(join(scratch, 'bytes'), bytes);
  await using machine = start({ drive, initrd: 'cycle.cpio', folder: scratch });
  const prompted = await machine.hear(/cycle# $/);
  machine.say('http://100.64.7.4/bytes');
  const done = await machine.hear(/cycle done/);
  const whole = await machine.ends();
  const raw = join(scratch, 'cycle.raw');
  spawnSync('qemu-img', ['convert', '-O', 'raw', drive, raw]);
  claim(readFileSync(raw).subarray(0, bytes.length).equals(bytes), 'the fetched bytes are on the disk');
  return { prompted, done, whole };
};

const choose = 'http://100.64.7.4/';
const answersWith = (...lines: readonly string[]): string => {
  writeFileSync(
    join(scratch, 'install.conf'),
    readFileSync(join(out, 'install.conf'), 'utf8') + lines.join('\n') + '\n',
  );
  return scratch;
};
for (const name of ['sets', 'disklabel.auto']) symlinkSync(join(out, name), join(scratch, name));

/** Installs by the answers in a folder, as imaged does: A at the prompt, then a URL. */
const installTo = async (drive: string, folder: string) => {
  await using machine = start({ drive, initrd: 'installer.cpio', folder, network: ',bootfile=auto_install' });
  const prompted = await machine.hear(prompt);
  machine.say('A');
  await machine.hear(/Fetching http:\/\/100\.64\.7\.2\/fe:e1:bb:d1:00:01-install\.conf\?path=7\.9\/amd64/);
  const asked = await machine.hear(/Response file location\? \[http:\/\/100\.64\.7\.2\/install\.conf\] $/);
  machine.say(`${choose}install.conf`);
  await machine.hear(/Password for root account\? <provided>/);
  const done = await machine.hear(/CONGRATULATIONS! Your OpenBSD install has been successfully completed!/);
  const whole = await machine.ends();
  return { prompted, asked, done, whole };
};

const install = async () => installTo(disk('install.qcow2'), answersWith());

/** A response file without a password fails, and the machine stays at its first prompt. */
const refused = async () => {
  const folder = answersWith();
  const file = join(folder, 'install.conf');
  writeFileSync(file, readFileSync(file, 'utf8').replace(/^Password.*\n/m, ''));
  await using machine = start({ drive: disk('refused.qcow2'), initrd: 'installer.cpio', folder });
  await machine.hear(prompt);
  machine.say('A');
  await machine.hear(/location\? \[[^\]]*\] $/);
  machine.say(`${choose}nothing.conf`);
  await machine.hear(/No response file found; non-interactive mode aborted\./);
  await machine.hear(prompt);
  machine.say('A');
  await machine.hear(/location\? \[[^\]]*\] $/);
  machine.say(`${choose}install.conf`);
  await machine.hear(/Question has no answer in response file: "password for root account\?"/);
  await machine.hear(/failed; check \/tmp\/ai\/ai\.log/);
  return { prompted: await machine.hear(prompt) };
};

/** Announced network boot: nobody types, and after five seconds the prompt answers itself. */
const announced = async () => {
  await using machine = start({ drive: disk('announced.qcow2'), initrd: 'installer.cpio', append: 'imaged.netboot' });
  await machine.hear(/Starting non-interactive mode in 5 seconds\.\.\./);
  const prompted = await machine.hear(prompt);
  return { waited: (await machine.hear(/Could not determine auto mode\./)) - prompted };
};

/** A dialogue by hand: the same questions, and a password that is not shown. */
const interactive = async () => {
  await using machine = start({ drive: disk('interactive.qcow2'), initrd: 'installer.cpio', folder: scratch });
  await machine.hear(prompt);
  machine.say('i');
  const answers: readonly (readonly [RegExp, string])[] = [
    [/Terminal type\? \[vt220\] $/, ''],
    [/System hostname\? .*\) $/, 'byhand'],
    [/Network interface to configure\? .* \[vio0\] $/, ''],
    [/IPv4 address for vio0\? .* \[autoconf\] $/, ''],
    [/IPv6 address for vio0\? .* \[none\] $/, ''],
    [/Network interface to configure\? .* \[done\] $/, ''],
    [/DNS domain name\? .* \[my\.domain\] $/, ''],
    [/DNS nameservers\? .* $/, ''],
    [/Password for root account\? \(will not echo\) $/, 'unseen'],
    [/Password for root account\? \(again\) $/, 'unseen'],
    [/Start sshd\(8\) by default\? \[yes\] $/, 'no'],
    [/Change the default console to com0\? \[yes\] $/, ''],
    [/Which speed should com0 use\? .* \[115200\] $/, ''],
    [/Setup a user\? .* \[no\] $/, 'maybe me'],
    [/'maybe me' is not a valid choice\.\s+Setup a user\? .* \[no\] $/, ''],
    [/Allow root ssh login\? .* \[no\] $/, ''],
    [/What timezone are you in\? .* \[UTC\] $/, ''],
    [/Which disk is the root disk\? .* \[sd0\] $/, ''],
    [/Encrypt the root disk .* \[no\] $/, ''],
    [/Use \(W\)hole disk MBR, .* \[whole\] $/, ''],
    [/Use \(A\)uto layout, .* \[a\] $/, ''],
    [/Which disk do you wish to initialize\? .* \[done\] $/, ''],
    [/Location of sets\? .* \[http\] $/, ''],
    [/HTTP proxy URL\? .* \[none\] $/, ''],
    [/HTTP Server\? .*\) $/, '100.64.7.4'],
    [/Server directory\? \[pub\/OpenBSD\/7\.9\/amd64\] $/, 'sets'],
    [/Set name\(s\)\? .* \[done\] $/, ''],
    [/Location of sets\? .* \[done\] $/, ''],
    [/Exit to \(S\)hell, \(H\)alt or \(R\)eboot\? \[reboot\] $/, ''],
  ];
  for (const [question, answer] of answers) {
    await machine.hear(question);
    machine.say(answer);
  }
  claim(!machine.text().includes('unseen'), 'a typed password is not shown');
  return { whole: await machine.ends() };
};

const installed = async () => {
  const drive = disk('installed.qcow2', '-b', join(out, 'installed.qcow2'), '-F', 'qcow2');
  await using machine = start({ drive });
  const login = await machine.hear(/\nlogin: $/);
  machine.say('root');
  await machine.hear(/Password: ?$/);
  machine.say('tiny');
  const shell = await machine.hear(/# $/);
  machine.say('halt -p');
  const whole = await machine.ends();
  return { login, shell, whole };
};

const port = 20000 + (process.pid % 20000);
const key = join(scratch, 'key');
const ssh = (input: string, ...command: readonly string[]) => {
  const strict = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'ConnectTimeout=10', 'LogLevel=ERROR'];
  const all = ['-i', key, '-p', String(port), ...strict.flatMap((one) => ['-o', one]), 'root@127.0.0.1', ...command];
  return spawnSync('ssh', all, { input, encoding: 'utf8' });
};

/** An installed machine with root's key, and an act if one is asked for. */
const withKey = async (name: string, ...lines: readonly string[]) => {
  const drive = disk(`${name}.qcow2`);
  spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key], { input: 'y\n' });
  const publicKey = readFileSync(`${key}.pub`, 'utf8').trim();
  await installTo(drive, answersWith(`Public ssh key for root account = ${publicKey}`, ...lines));
  return start({ drive, network: `,hostfwd=tcp:127.0.0.1:${String(port)}-100.64.7.3:22` });
};

const sshd = async () => {
  await using machine = await withKey('sshd');
  await machine.hear(/\nlogin: $/);
  claim(ssh('echo $((40 + 2)); uname -s', 'sh -s').stdout === '42\nLinux\n', 'sh -s runs what it is given');
  claim(ssh('some bytes', 'cat > /tmp/file; sha256sum < /tmp/file').status === 0, 'cat > file works');
  claim(ssh('', 'halt -p').status === 255, 'halt -p ends the session');
  return { whole: await machine.ends() };
};

const acts = async () => {
  const act = async (name: string, prove: (machine: ReturnType<typeof start>) => Promise<unknown>, more = '') => {
    await using machine = start({ initrd: 'installer.cpio', append: `imaged.act=${name} ${more}` });
    await prove(machine);
  };
  await act('panic', async (machine) => machine.hear(/Kernel panic - not syncing/).then(async () => machine.ends()));
  await act('halt-early', async (machine) =>
    machine.ends().then(() => claim(!prompt.test(machine.text()), 'no prompt')),
  );
  await act('reboot-for-ever', async (machine) => machine.ends());
  await act('flood=2', async (machine) => machine.hear(/flood end \d+/));
  await act('garbage', async (machine) => machine.hear(/\(S\)hell\? [^]{2000}/));
  await act('deaf', async (machine) => {
    await machine.hear(prompt);
    machine.say('shell');
    await machine.hear(/sel\r\n[^]*# $/);
    machine.say('echo heard-$((1 + 1))');
    await machine.hear(/\nheard-2/);
  });
  await using closed = await withKey('no-ssh', 'imaged.act = no-ssh');
  await closed.hear(/\nlogin: $/);
  claim(ssh('', 'true').status === 255, 'sshd breaks the key exchange off');
  await closed[Symbol.asyncDispose]();
  await using dropped = await withKey('ssh-drop', 'imaged.act = ssh-drop');
  await dropped.hear(/\nlogin: $/);
  const cut = ssh('', 'echo begun; sleep 20; echo ended');
  claim(cut.stdout === 'begun\n' && cut.status === 255, 'a session is cut off');
  return {};
};

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;

try {
  for (const [name, prove] of Object.entries({
    cycle,
    install,
    refused,
    announced,
    interactive,
    installed,
    sshd,
    acts,
  })) {
    if (argv[4] !== undefined && argv[4] !== name) continue;
    const all: Readonly<Record<string, number>>[] = [];
    for (let round = 0; round < rounds; round += 1) all.push(await prove());
    const words = Object.keys(all[0] ?? {}).map(
      (key) => `${key} ${median(all.map((one) => one[key] ?? NaN)).toFixed(2)} s`,
    );
    stdout.write(`${name}: ${words.join(', ')} (median of ${String(rounds)})\n`);
  }
} finally {
  rmSync(scratch, { recursive: true });
}
