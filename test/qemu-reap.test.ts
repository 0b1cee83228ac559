import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { startDetached } from '../src/base/process/start-detached.ts';
import { machineFiles, markOf } from '../src/vmm/qemu/names.ts';
import { bench, isAlive, on, pidOf } from './fixtures/qemu-bench.ts';
import { orphan } from './fixtures/qemu-orphan.ts';

const holds = async (folder: string) => (await readdir(folder)).sort();

test('a machine outlives the daemon that started it, and reaping ends it with its sockets, once', async () => {
  await using vmm = await bench();
  const spec = await vmm.specOf(0, []);
  const pid = await orphan(spec);
  assert.ok(await isAlive(pid));
  assert.equal(await vmm.qemu.reap(spec.name, spec.folder, on()), true);
  assert.ok(!(await isAlive(pid)));
  assert.deepEqual(await holds(spec.folder), ['disk.raw', 'qemu.log']);
  assert.equal(await vmm.qemu.reap(spec.name, spec.folder, on()), false);
});

test('a machine that answers nobody is reaped all the same', async () => {
  await using vmm = await bench();
  const spec = await vmm.specOf(0, []);
  const pid = await orphan(spec);
  process.kill(pid, 'SIGSTOP');
  assert.equal(await vmm.qemu.reap(spec.name, spec.folder, on()), true);
  assert.ok(!(await isAlive(pid)));
});

test('a machine under another name, or in another folder, is left alone', async () => {
  await using vmm = await bench();
  const machine = await vmm.start([]);
  assert.equal(await vmm.qemu.reap('imaged-1', `${vmm.folder}/m0`, on()), false);
  assert.equal(await vmm.qemu.reap('imaged-0', `${vmm.folder}/m1`, on()), false);
  assert.ok(await isAlive(pidOf(machine)));
});

test('a pidfile with the number of a stranger kills nobody and is removed', async () => {
  await using vmm = await bench();
  const folder = join(vmm.folder, 'stale');
  const { own, qmp } = machineFiles(folder);
  await mkdir(own, { recursive: true });
  await writeFile(join(own, 'qemu.pid'), `${process.pid}\n`);
  await writeFile(qmp, '');
  assert.equal(await vmm.qemu.reap('imaged-0', folder, on()), false);
  assert.deepEqual(await holds(folder), []);
});

test('a QEMU that has only begun, without pidfile and QMP, is found and ended, as an older imaged named it too', async () => {
  await using vmm = await bench();
  const folder = join(vmm.folder, 'begun');
  await mkdir(folder);
  for (const mark of [
    ['-mon', `chardev=qmp-${markOf(folder)},mode=control`],
    ['-pidfile', join(folder, 'qemu.pid')],
  ]) {
    // A program that stands still before its first step, under the command line of a machine, and has no child.
    const args = ['-c', 'kill -STOP $$; :', '-name', 'imaged-0', '-S', ...mark, '-x'];
    const begun = await startDetached('sh', args, join(folder, 'qemu.log'));
    assert.equal(await vmm.qemu.reap('imaged-0', folder, on()), true);
    assert.equal((await begun.exited).signal, 'SIGKILL');
  }
});
