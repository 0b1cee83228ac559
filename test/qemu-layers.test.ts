import assert from 'node:assert/strict';
import { mkdir, open, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { MachineShape } from '../src/base/hardware.ts';
import { runProgram } from '../src/base/program.ts';
import { bench, heard, on } from './fixtures/qemu-bench.ts';
import { powerOff, say, writeGuest } from './fixtures/tiny-guest.ts';

const make = (cwd: string, ...words: readonly string[]) =>
  runProgram('qemu-img', ['create', '-q', '-f', 'qcow2', ...words], { cwd, signal: on() });

const patch = async (path: string, offset: number, bytes: readonly number[]) => {
  await using file = await open(path, 'r+');
  await file.write(Buffer.from(bytes), 0, bytes.length, offset);
};

test('a medium may lie on other images, which are found beside it, and a disk of it boots and is exported', async () => {
  await using vmm = await bench();
  const media = join(vmm.folder, 'media, of "all" kinds');
  await mkdir(media);
  await writeGuest(join(media, 'lowest,x'), [say('from the lowest'), powerOff]);
  await make(media, '-b', 'lowest,x', '-F', 'raw', 'middle.qcow2', '1M');
  await symlink('middle.qcow2', join(media, 'link.qcow2'));
  await make(media, '-b', 'link.qcow2', '-F', 'qcow2', 'top.qcow2');
  const work = join(vmm.folder, 'work');
  await mkdir(work);
  const base = { path: join(media, 'top.qcow2'), format: 'qcow2', layers: 'chain' } as const;
  const disk = { path: join(work, 'disk0.qcow2'), format: 'qcow2', base } as const;
  await vmm.qemu.createDisk(disk, on());
  const machine = await vmm.start([], { disks: [disk] });
  await machine.run(on());
  assert.equal(await heard(machine), 'from the lowest');
  await machine[Symbol.asyncDispose]();
  const flat = { path: join(work, 'export0.raw'), format: 'raw' } as const;
  await vmm.qemu.convertDisk(disk, flat, on());
  assert.deepEqual(await readFile(flat.path), await readFile(join(media, 'lowest,x')));
});

test('an image that names another file is refused at POST and at every later use, and the file is never opened', async () => {
  await using vmm = await bench();
  const { folder } = vmm;
  const canary = join(folder, 'canary');
  await writeFile(canary, Buffer.alloc(1024 ** 2, 'secret'));
  await make(folder, '-u', '-b', canary, '-F', 'raw', 'backed.qcow2', '1M');
  await make(folder, '-u', '-b', `json:{"driver":"raw","file":{"driver":"file","filename":"${canary}"}}`, '-F', 'raw', 'json.qcow2', '1M'); // prettier-ignore
  await make(folder, '-u', '-b', 'nbd://127.0.0.1:1/x', '-F', 'raw', 'nbd.qcow2', '1M');
  await make(folder, '-u', '-b', canary, '-F', 'vmdk', 'vmdk.qcow2', '1M');
  await make(folder, '-o', 'data_file=data', 'external.qcow2', '1M');
  await make(folder, 'encrypted.qcow2', '1M');
  await patch(join(folder, 'encrypted.qcow2'), 32, [0, 0, 0, 1]);
  await make(folder, '-u', '-b', './loop.qcow2', '-F', 'qcow2', 'loop.qcow2', '1M');
  await writeFile(join(folder, 'short.qcow2'), Buffer.from('QFI\xfb\0\0\0\x03', 'latin1'));
  for (const [name, layers, why] of [
    ['backed.qcow2', 'one', /needs a second file/],
    ['json.qcow2', 'chain', /not the name of a file/],
    ['nbd.qcow2', 'chain', /not the name of a file/],
    ['vmdk.qcow2', 'chain', /format "vmdk"/],
    ['external.qcow2', 'chain', /in a second file/],
    ['encrypted.qcow2', 'chain', /encrypted/],
    ['loop.qcow2', 'chain', /more than 16 layers/],
    ['short.qcow2', 'one', /damaged qcow2 image/],
  ] as const) {
    const base = { path: join(folder, name), format: 'qcow2', layers } as const;
    const path = join(folder, 'disk.qcow2');
    await assert.rejects(vmm.qemu.createDisk({ path, format: 'qcow2', base }, on()), {
      code: 'disk_failed',
      message: why,
    });
    await assert.rejects(vmm.start([], { disks: [{ path: join(folder, 'm0/disk.raw'), format: 'raw', base }] }), why);
    const shape = {
      ...{
        memoryMb: 64,
        nics: [],
        boot: { device: 'disk' as const },
        hasCdrom: false,
        hasFloppy: false,
        cpus: 1,
        model: {},
      },
      disks: [{ format: 'qcow2' as const, base: { ...base, virtualMb: 1 } }],
    } satisfies MachineShape;
    const [refused] = await vmm.qemu.refuse(shape, on());
    assert.equal(refused?.pointer, '/machine/disks/0/base', name);
    assert.match(refused.message, why);
  }
  // What a header says is not believed even where an image changes behind imaged's back.
  const raw = { path: join(folder, 'backed.qcow2'), format: 'raw', layers: 'one' } as const;
  const over = { path: join(folder, 'over.qcow2'), format: 'qcow2', base: raw } as const;
  await vmm.qemu.createDisk(over, on());
  const flat = { path: join(folder, 'flat.raw'), format: 'raw' } as const;
  await vmm.qemu.convertDisk(over, flat, on());
  assert.doesNotMatch((await readFile(flat.path)).toString('latin1'), /secret/);
});
