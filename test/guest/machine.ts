import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { argv } from 'node:process';

// A machine under QEMU, as test/guest/check wants it: its serial line to hear and to speak on.

const top = resolve(import.meta.dirname, '../../..');
/** What test/guest/build made. */
export const out = resolve(argv[2] ?? join(top, '.cache/guest'));
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
  ...[
    '-nodefaults',
    '-no-user-config',
    '-display',
    'none',
    '-machine',
    'q35',
    '-accel',
    'tcg',
    '-cpu',
    'max',
    '-m',
    '256',
  ],
  ...['-serial', 'stdio', ...(boot.mayReboot === true ? [] : ['-no-reboot'])],
  ...(boot.initrd === undefined
    ? []
    : ['-kernel', join(out, 'vmlinux'), '-initrd', join(out, boot.initrd), '-append', `${fast} ${boot.append ?? ''}`]),
  ...(boot.drive === undefined ? [] : ['-drive', `file=${boot.drive},if=virtio,cache=unsafe`]),
  ...network(boot),
];

/** Starts a machine; `hear` waits for text after what was heard last, `ends` for the end of QEMU. */
export const start = (boot: Boot) => {
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
      if (child.exitCode !== null) throw new Error(`QEMU ended before ${String(what)}:\n${heard.slice(-4000)}`);
      try {
        await Promise.race([once(child, 'heard', { signal }), exited]);
      } catch (cause) {
        throw new Error(`did not hear ${String(what)} within ${String(withinMs)} ms:\n${heard.slice(-4000)}`, {
          cause,
        });
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
          throw new Error(`QEMU did not end:\n${heard.slice(-4000)}`, { cause });
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
