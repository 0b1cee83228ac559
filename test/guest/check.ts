import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { argv, stdout } from 'node:process';

// Boots what test/guest/build made and proves what its README promises. Run through test/guest/check.

const top = resolve(import.meta.dirname, '../../..');
const out = resolve(argv[2] ?? join(top, '.cache/guest'));
const rounds = Number(argv[3] ?? 1);
const serve = join(top, 'test/guest/lib/serve');
const fast = readFileSync(join(out, 'append.fast'), 'utf8').trim();

type Boot = {
  readonly drive?: string;
  readonly initrd?: string;
  readonly append?: string;
  /** Folder that the guest finds at http://100.64.7.4/ and nothing else of the host. */
  readonly folder?: string;
  readonly network?: string;
  readonly mayReboot?: boolean;
};

const network = (boot: Boot): readonly string[] => [
  '-netdev',
  'user,id=n,restrict=on,net=100.64.7.0/24,host=100.64.7.2,dhcpstart=100.64.7.3,dns=100.64.7.5' +
    (boot.folder === undefined ? '' : `,guestfwd=tcp:100.64.7.4:80-cmd:${serve} ${boot.folder}`) +
    (boot.network ?? ''),
  '-device',
  'virtio-net-pci,netdev=n,romfile=,mac=fe:e1:bb:d1:00:01',
];

/** Command line of one machine: q35 under TCG, its first serial line on standard input and output. */
const qemuArguments = (boot: Boot): readonly string[] => [
  ...['-nodefaults', '-no-user-config', '-display', 'none', '-machine', 'q35', '-accel', 'tcg', '-m', '256'],
  ...['-serial', 'stdio', ...(boot.mayReboot === true ? [] : ['-no-reboot'])],
  ...(boot.initrd === undefined
    ? []
    : ['-kernel', join(out, 'vmlinux'), '-initrd', join(out, boot.initrd), '-append', `${fast} ${boot.append ?? ''}`]),
  ...(boot.drive === undefined ? [] : ['-drive', `file=${boot.drive},if=virtio,cache=unsafe`]),
  ...network(boot),
];

/** Starts a machine; `hear` waits for text after what was heard last, `ends` for the end of QEMU. */
const start = (boot: Boot) => {
  const began = performance.now();
  const child = spawn('qemu-system-x86_64', qemuArguments(boot), { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  let heard = '';
  let from = 0;
  child.stdout.setEncoding('latin1').on('data', (text: string) => {
    heard += text;
    child.emit('heard');
  });
  const seconds = () => (performance.now() - began) / 1000;
  const hear = async (what: RegExp, withinMs = 30_000): Promise<number> => {
    const signal = AbortSignal.timeout(withinMs);
    for (;;) {
      const match = what.exec(heard.slice(from));
      if (match !== null) {
        from += match.index + match[0].length;
        return seconds();
      }
      if (child.exitCode !== null) throw new Error(`QEMU ended before ${String(what)}:\n${heard}`);
      try {
        await Promise.race([once(child, 'heard', { signal }), exited]);
      } catch (cause) {
        throw new Error(`did not hear ${String(what)} within ${String(withinMs)} ms:\n${heard}`, { cause });
      }
    }
  };
  return {
    hear,
    say: (line: string) => child.stdin.write(`${line}\r`),
    text: () => heard,
    ends: async (withinMs = 30_000): Promise<number> => {
      await Promise.race([
        exited,
        once(child, 'never', { signal: AbortSignal.timeout(withinMs) }).catch((cause: unknown) => {
          throw new Error(`QEMU did not end:\n${heard}`, { cause });
        }),
      ]);
      return seconds();
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await exited;
    },
  };
};

const scratch = mkdtempSync(join(tmpdir(), 'guest-check-'));
const disk = (name: string, ...how: readonly string[]): string => {
  const path = join(scratch, name);
  const made = spawnSync('qemu-img', ['create', '-q', '-f', 'qcow2', ...how, path, ...(how.length > 0 ? [] : ['256M'])]);
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

const install = async () => {
  const drive = disk('install.qcow2');
  await using machine = start({ drive, initrd: 'installer.cpio', folder: out });
  const prompted = await machine.hear(prompt);
  machine.say('A');
  await machine.hear(/Response file location\? \[[^\]]*\] $/);
  machine.say('http://100.64.7.4/install.conf');
  const done = await machine.hear(/CONGRATULATIONS! Your OpenBSD install has been successfully completed!/);
  const whole = await machine.ends();
  return { prompted, done, whole };
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

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;

try {
  for (const [name, prove] of Object.entries({ cycle, install, installed })) {
    if (argv[4] !== undefined && argv[4] !== name) continue;
    const all: Readonly<Record<string, number>>[] = [];
    for (let round = 0; round < rounds; round += 1) all.push(await prove());
    const words = Object.keys(all[0] ?? {}).map((key) => `${key} ${median(all.map((one) => one[key] ?? NaN)).toFixed(2)} s`);
    stdout.write(`${name}: ${words.join(', ')} (median of ${String(rounds)})\n`);
  }
} finally {
  rmSync(scratch, { recursive: true });
}
