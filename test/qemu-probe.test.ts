import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chmod, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../src/base/clock.ts';
import { patienceMs } from '../src/vmm/qemu/probe/patience.ts';
import { probe } from '../src/vmm/qemu/probe/probe.ts';
import { makeQemu } from '../src/vmm/qemu/qemu.ts';
import { findUser } from '../src/vmm/qemu/process/user.ts';
import { bench, on } from './fixtures/qemu-bench.ts';

test('the probe sees its guest run under TCG, and leaves nothing', async () => {
  await using vmm = await bench();
  assert.deepEqual(await probe('qemu-system-x86_64', 'tcg', vmm.folder, undefined, systemClock, on()), { runs: true });
  assert.deepEqual(await readdir(vmm.folder), []);
});

test('the probe does not believe in an accelerator that this host lacks', async () => {
  await using vmm = await bench();
  const verdict = await probe('qemu-system-x86_64', 'hvf', vmm.folder, undefined, systemClock, on());
  assert.equal(verdict.runs, process.platform === 'darwin');
});

test('a guest on a busy host has longer before its accelerator is given up, but not without end', () => {
  const patience = [0, 2, 3, 10, 1000].map((load) => patienceMs(load, 2));
  assert.deepEqual(patience, [4000, 4000, 6000, 20_000, 32_000]);
});

test('KVM is chosen if and only if the probe says that a guest runs under it', async (t) => {
  if (!existsSync('/dev/kvm')) return t.skip('this host has no /dev/kvm');
  await using vmm = await bench({ accelerator: 'auto' });
  const user = await findUser(undefined, 'qemu-system-x86_64', on());
  const { runs } = await probe('qemu-system-x86_64', 'kvm', vmm.folder, user, systemClock, on());
  const { accelerators, notes } = await vmm.qemu.facts(on());
  assert.deepEqual(accelerators, runs ? ['kvm', 'tcg'] : ['tcg']);
  assert.equal(notes.length, runs ? 0 : 1);
  assert.deepEqual(vmm.notes, notes);
  const machine = await vmm.start([]);
  assert.equal(machine.about['accelerator'], runs ? 'kvm' : 'tcg');
  t.diagnostic(`kvm runs a guest here: ${runs}`);
});

test('an accelerator under which no guest runs is one short line at warn, whatever QEMU says of it', async () => {
  await using vmm = await bench();
  // QEMU is not run as root, which the folder belongs to.
  await chmod(vmm.folder, 0o711);
  const wordy = join(vmm.folder, 'qemu');
  const words = 'Could not access KVM kernel module: No such file or directory';
  await writeFile(
    wordy,
    `#!/bin/sh\ncase "$*" in *probe.raw*) for n in 1 2 3; do echo '${words}' >&2; done; exit 1;; esac\nexec qemu-system-x86_64 "$@"\n`,
    { mode: 0o755 },
  );
  const noted: string[] = [];
  await using other = await bench({
    binary: wordy,
    accelerator: 'auto',
    onNote: (note, level) => noted.push(`${level} ${note}`),
  });
  await other.qemu.facts(on());
  assert.equal(noted.length, 1);
  const [line = ''] = noted;
  assert.match(line, /^warn kvm is there, but no guest runs under it: \S+ ended with exit code 1: /);
  assert.ok(line.endsWith(`: ${words}.`), line);
});

test('the facts of this host are asked once and name the version and what a machine may have', async () => {
  await using vmm = await bench();
  const [one, two] = await Promise.all([vmm.qemu.facts(on()), vmm.qemu.facts(on())]);
  assert.match(one.version, /^[0-9]+\.[0-9]+/);
  assert.deepEqual(one, two);
  assert.deepEqual(one.formats, ['raw', 'qcow2']);
  assert.ok(one.limits.memoryMb > 64);
  const unknown = await vmm.qemu.refuse(
    {
      memoryMb: 64,
      disks: [{ format: 'raw' }],
      nics: [{ network: 'local' }],
      boot: { device: 'disk' },
      hasCdrom: false,
      hasFloppy: false,
      cpus: 1,
      model: { net_device: 'e100', machine_type: 'q36', cpu_model: 'qemu6' },
    },
    on(),
  );
  assert.deepEqual(
    unknown.map(({ message }) => /"([^"]+)"$/.exec(message)?.[1]),
    ['q35', 'qemu64', 'e1000'],
  );
});

test('a netcat without Unix sockets is told before any guest needs it', async () => {
  await using vmm = await bench({ netcat: 'true' });
  await assert.rejects(vmm.qemu.facts(on()), { code: 'program_missing', message: /-U/ });
});

test('a netcat that names its options in its usage alone is taken, as `imaged check` takes it', async () => {
  await using vmm = await bench();
  const netcat = join(vmm.folder, 'nc');
  await writeFile(netcat, '#!/bin/sh\necho "usage: nc [-46CDdFhklNnrStUuvZz] [-I length]" >&2\nexit 1\n');
  await chmod(netcat, 0o755);
  await using other = await bench({ netcat });
  await other.qemu.facts(on());
});

test('a QEMU that hangs when it is asked is let go when the daemon stops', async () => {
  await using vmm = await bench();
  const binary = join(vmm.folder, 'qemu');
  await writeFile(binary, '#!/bin/sh\nexec sleep 60\n');
  await chmod(binary, 0o755);
  const stopping = new AbortController();
  const qemu = makeQemu({
    binary,
    qemuImg: 'qemu-img',
    netcat: 'nc',
    accelerator: 'tcg',
    allowsOutgoing: false,
    folder: vmm.folder,
    clock: systemClock,
    signal: stopping.signal,
    onNote: () => undefined,
  });
  const asked = qemu.version(on());
  stopping.abort(new Error('the daemon stops'));
  await assert.rejects(asked, /the daemon stops/);
});
