import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { chmod, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { sameMs } from '../src/vmm/qemu/life.ts';
import { machineFiles } from '../src/vmm/qemu/names.ts';
import { bench, hear, heard, isAlive, on, pidOf } from './fixtures/qemu-bench.ts';
import { awaitByte, echo, flood, floodEvents, panic, powerOff, reset, say } from './fixtures/tiny-guest.ts';

test('a guest is heard from its first byte, and its power-off is told as halt', async () => {
  await using vmm = await bench();
  const machine = await vmm.start([say('first words'), powerOff]);
  await machine.run(on());
  assert.equal(await heard(machine), 'first words');
  assert.equal((await machine.ended).how, 'halt');
});

test('a machine stands still until it is run', async () => {
  await using vmm = await bench();
  const machine = await vmm.start([say('x'), powerOff]);
  const still = await Promise.race([machine.ended, new Promise((resolve) => setTimeout(resolve, 300, 'still'))]);
  assert.equal(still, 'still');
  await machine.run(on());
  assert.equal((await machine.ended).how, 'halt');
});

test('what is typed arrives byte for byte, and comes back so', async () => {
  await using vmm = await bench();
  const machine = await vmm.start([say('>'), echo, powerOff]);
  await machine.run(on());
  const bytes = machine.line.bytes[Symbol.asyncIterator]();
  await hear(bytes, '>');
  const typed = Array.from({ length: 5000 }, (_, index) => String.fromCharCode(65 + (index % 26))).join('');
  await machine.line.write(Buffer.from(`${typed}.`));
  assert.equal(await hear(bytes, '.'), `${typed}.`);
  assert.equal((await machine.ended).how, 'halt');
});

test('a guest that floods a line nobody reads does not wait, and nothing is lost', async () => {
  await using vmm = await bench();
  const machine = await vmm.start([flood, powerOff]);
  await machine.run(on());
  assert.equal((await machine.ended).how, 'halt');
  const all = await heard(machine);
  assert.equal(all.length, 640_000);
  assert.equal(all.replaceAll('0123456789', ''), '');
});

test('a guest that makes QEMU tell of events without end is ended, and has not filled the disk', async () => {
  await using vmm = await bench();
  const machine = await vmm.start([floodEvents]);
  await machine.run(on());
  let most = 0;
  const looking = setInterval(
    () => (most = Math.max(most, statSync(machineFiles(`${vmm.folder}/m0`).told.path).size)),
    5,
  );
  const { how, detail } = await machine.ended;
  clearInterval(looking);
  assert.deepEqual([how, detail], ['flood', 'it caused more than 10000 events']);
  assert.ok(most > 0 && most < 2 ** 27, `${most} bytes of events`);
});

test('a reset ends a machine that is to end with it, told as reboot', async () => {
  await using vmm = await bench();
  const machine = await vmm.start([reset]);
  await machine.run(on());
  assert.equal((await machine.ended).how, 'reboot');
});

test('a machine that is to boot again does so, and the resets of the firmware are not told', async () => {
  await using vmm = await bench();
  const machine = await vmm.start([say('boot;'), awaitByte, reset], { onReboot: 'again' });
  let times = 0;
  machine.onRebooted(() => times++);
  await machine.run(on());
  const bytes = machine.line.bytes[Symbol.asyncIterator]();
  for (const want of [0, 1, 2]) {
    await hear(bytes, 'boot;');
    assert.equal(times, want);
    await new Promise((resolve) => setTimeout(resolve, sameMs));
    await machine.line.write(Buffer.from('g'));
  }
  await machine.stop('cut', on());
  assert.equal((await machine.ended).how, 'stopped');
});

for (const machine_type of ['q35', 'pc'])
  test(`a panic that the guest tells ${machine_type} is told as panic`, async () => {
    await using vmm = await bench();
    const machine = await vmm.start([panic], { model: { machine_type } });
    await machine.run(on());
    assert.equal((await machine.ended).how, 'panic');
  });

test('kill -9 is told as crash with its signal, and kill -TERM as killed', async () => {
  await using vmm = await bench();
  const crashed = await vmm.start([]);
  await crashed.run(on());
  process.kill(pidOf(crashed), 'SIGKILL');
  const { how, detail } = await crashed.ended;
  assert.equal(how, 'crash');
  assert.match(detail, /SIGKILL/);

  const killed = await vmm.start([], {}, 1);
  await killed.run(on());
  process.kill(pidOf(killed), 'SIGTERM');
  assert.equal((await killed.ended).how, 'killed');
});

test('pulling the plug ends a machine that has not been run, one that spins, and one that is frozen', async () => {
  await using vmm = await bench();
  const fresh = await vmm.start([]);
  await fresh.stop('cut', on());
  assert.equal((await fresh.ended).how, 'stopped');

  const spinning = await vmm.start([]);
  await spinning.run(on());
  await spinning.stop('cut', on());
  await spinning.stop('cut', on());
  assert.equal((await spinning.ended).how, 'stopped');

  const frozen = await vmm.start([]);
  process.kill(pidOf(frozen), 'SIGSTOP');
  await frozen.stop('cut', on());
  assert.equal((await frozen.ended).how, 'stopped');
});

test('asking a guest that does not listen to its power button changes nothing', async () => {
  await using vmm = await bench();
  const machine = await vmm.start([say('>'), echo, powerOff]);
  await machine.run(on());
  const bytes = machine.line.bytes[Symbol.asyncIterator]();
  await hear(bytes, '>');
  await machine.stop('ask', on());
  await machine.line.write(Buffer.from('.'));
  assert.equal((await machine.ended).how, 'halt');
});

test('a machine let go of is gone: process, sockets and pidfile', async () => {
  await using vmm = await bench();
  const machine = await vmm.start([say('x')]);
  await machine.run(on());
  assert.ok(await isAlive(pidOf(machine)));
  await machine[Symbol.asyncDispose]();
  assert.ok(!(await isAlive(pidOf(machine))));
  assert.deepEqual((await readdir(`${vmm.folder}/m0`)).sort(), ['disk.raw', 'qemu.log']);
  await assert.rejects(machine.line.write(Buffer.from('x')), { code: 'console_closed' });
  await machine.stop('ask', on());
});

test('a QEMU that dies at once is told with its own words, and leaves no socket', async () => {
  await using vmm = await bench();
  const { disks } = await vmm.specOf(0, []);
  await assert.rejects(vmm.start([], { disks: disks.map((disk) => ({ ...disk, format: 'qcow2' })) }), {
    code: 'hypervisor_failed',
    message: /Image is not in qcow2 format/,
  });
  assert.deepEqual((await readdir(`${vmm.folder}/m0`)).sort(), ['disk.raw', 'qemu.log']);
});

test('a file that is not there, or is no file, is told before any QEMU starts, and leaves nothing', async () => {
  await using vmm = await bench();
  for (const [path, why] of [
    [`${vmm.folder}/none.raw`, /none\.raw.*no such file/],
    [vmm.folder, /illegal operation on a directory|not a regular file/],
    ['/dev/null', /not a regular file/],
  ] as const)
    await assert.rejects(vmm.start([], { disks: [{ path, format: 'raw' }] }), {
      code: 'hypervisor_failed',
      message: why,
    });
  assert.deepEqual((await readdir(`${vmm.folder}/m0`)).sort(), ['disk.raw']);
});

test('a QEMU is connected to only when it has answered that it has come to its main loop', async () => {
  await using vmm = await bench();
  const binary = join(vmm.folder, 'slow-qemu');
  await writeFile(
    binary,
    `#!/bin/sh
case " $* " in *" -mon "*) ;; *) exec qemu-system-x86_64 "$@" ;; esac
echo 'no greeting' | nc -NlU qmp.sock &
until [ -S qmp.sock ]; do sleep 0.01; done
sleep 0.3
kill -0 $! || { echo 'connected to too early'; exit 1; }
echo '{"return": {}}' >events.out
wait $!
echo 'connected to in time'
`,
    { mode: 0o755 },
  );
  await chmod(vmm.folder, 0o755);
  await using slow = await bench({ binary });
  await assert.rejects(slow.start([]), { code: 'hypervisor_failed', message: /exit code 0\): connected to in time$/ });
});

test('a QEMU that is not installed is told as program_missing', async () => {
  await using vmm = await bench({ binary: 'qemu-system-none' });
  await assert.rejects(vmm.start([]), { code: 'program_missing' });
  await assert.rejects(vmm.qemu.facts(on()), { code: 'program_missing' });
});

test('a start that is aborted leaves no process and no socket', async () => {
  await using vmm = await bench();
  await vmm.qemu.facts(on());
  const spec = await vmm.specOf(0, []);
  for (const afterMs of [0, 5, 15, 30, 60]) {
    const asked = new AbortController();
    setTimeout(() => asked.abort(new Error('enough')), afterMs);
    const outcome = await vmm.qemu.start(spec, asked.signal).then(
      async (machine) => machine[Symbol.asyncDispose](),
      (error: unknown) => assert.match(String(error), /enough/),
    );
    assert.equal(outcome, undefined);
    assert.equal(await vmm.qemu.reap(spec.name, spec.folder, on()), false, `after ${afterMs} ms`);
  }
});

test('the folder serves the next machine, and its words are not those of the one before', async () => {
  await using vmm = await bench();
  await assert.rejects(vmm.start([], { disks: [{ path: '/nowhere/first', format: 'raw' }] }), /first/);
  await assert.rejects(vmm.start([], { disks: [{ path: '/nowhere/second', format: 'raw' }] }), (error) => {
    assert.doesNotMatch(String(error), /first/);
    return true;
  });
  const machine = await vmm.start([say('third'), powerOff]);
  await machine.run(on());
  assert.equal(await heard(machine), 'third');
});

test('a floppy and each kind of disk boot on both machine types', async () => {
  await using vmm = await bench();
  for (const machine_type of ['q35', 'pc']) {
    for (const disk_interface of ['virtio', 'ide', 'scsi'] as const) {
      const machine = await vmm.start([say(disk_interface), powerOff], { model: { machine_type, disk_interface } });
      await machine.run(on());
      assert.equal(await heard(machine), disk_interface);
      await machine[Symbol.asyncDispose]();
    }
    const { disks } = await vmm.specOf(1, [say('floppy'), powerOff]);
    const floppy = disks[0]?.path ?? '';
    const machine = await vmm.start([say('disk')], { floppy, boot: { device: 'floppy' }, model: { machine_type } });
    await machine.run(on());
    assert.equal(await heard(machine), 'floppy');
    await machine[Symbol.asyncDispose]();
  }
});
