/**
 * Boots an image on an overlay that is thrown away, logs in as root by ssh, runs a command, and powers off.
 * usage: boot-once IMAGE PRIVATE_KEY COMMAND
 */
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock as clock } from '../src/base/clock.ts';
import { cleanupStack } from '../src/base/cleanup.ts';
import { connectSsh } from '../src/guest/ssh/connect.ts';
import { makeQemu } from '../src/vmm/qemu/qemu.ts';

const [image, keyFile, command] = process.argv.slice(2);
if (image === undefined || keyFile === undefined || command === undefined) {
  process.stderr.write('usage: boot-once IMAGE PRIVATE_KEY COMMAND\n');
  process.exit(2);
}

await using cleanup = cleanupStack();
const { signal } = cleanup.keep(
  clock.deadline(120_000, new AbortController().signal, () => new Error('the image did not answer within 2 minutes')),
);
const folder = await mkdtemp(join(tmpdir(), 'boot-once-'));
cleanup.defer(() => rm(folder, { recursive: true }));
const note = (line: string) => void process.stderr.write(`${line}\n`);
const hypervisor = makeQemu({
  binary: 'qemu-system-x86_64',
  qemuImg: 'qemu-img',
  netcat: 'nc',
  accelerator: 'auto',
  allowsOutgoing: false,
  folder,
  clock,
  signal,
  onNote: note,
});

const base = { path: await realpath(image), format: 'qcow2', layers: 'chain' } as const;
const overlay = { path: join(folder, 'overlay.qcow2'), format: 'qcow2', base } as const;
await hypervisor.createDisk(overlay, signal);
const machine = cleanup.keep(
  await hypervisor.start(
    {
      name: 'imaged-0',
      slot: 0,
      folder,
      memoryMb: 256,
      disks: [overlay],
      nics: [{ network: 'local' }],
      boot: { device: 'disk' },
      cpus: 1,
      model: {},
      sshPort: 22,
      onReboot: 'end',
    },
    signal,
  ),
);
const drained = (async () => {
  for await (const bytes of machine.line.bytes) void bytes;
})();
await machine.run(signal);
const { host, port } = machine.addresses.ssh;
const guest = cleanup.keep(
  await connectSsh(
    { host, port, username: 'root', keyFile, knownHostsFile: join(folder, 'known_hosts'), folder, timeoutMs: 60_000 },
    { clock, onNote: () => undefined },
    signal,
  ),
);
const { exitCode } = await guest.run(
  command,
  { onLines: (lines) => void process.stdout.write(lines.map((line) => `${line}\n`).join('')) },
  signal,
);
await machine.stop('cut', signal);
await drained;
process.exitCode = exitCode;
