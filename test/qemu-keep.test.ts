import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../src/base/clock.ts';
import { whyNoFirmware } from '../src/vmm/qemu/firmware.ts';
import { letGoOn } from '../src/vmm/qemu/keep/migration.ts';
import type { Disk, Machine, MachineSpec } from '../src/vmm/types.ts';
import { longOnly } from './fixtures/long.ts';
import { bench, hear, on } from './fixtures/qemu-bench.ts';
import { echo, powerOff, say, writeDisk, writeGuest } from './fixtures/tiny-guest.ts';

/** A guest that sends back what it hears, up to a dot, and then writes to its disk. */
const does = [say('up\n'), echo, writeDisk, say('done\n'), powerOff];

type Bench = Awaited<ReturnType<typeof bench>>;

/** Keeps a machine in the folder, and gives the disks of one that goes on from there. */
const keepIn = async (vmm: Bench, machine: Machine, { disks }: MachineSpec, folder: string) => {
  await mkdir(folder);
  const names = disks.map((_, index) => `disk${index}`);
  const [overlays, rests] = [
    names.map((name) => join(folder, `${name}.over`)),
    names.map((name) => join(folder, name)),
  ];
  assert.ok(machine.keep);
  const kept = await machine.keep({ folder, overlays, rests }, on());
  await vmm.qemu.finishKept?.(folder, on());
  const { size: memoryBytes } = await stat(join(folder, 'memory.zst'));
  const copies: Disk[] = [];
  for (const [index, rest] of rests.entries()) {
    const base = { path: rest, format: disks[index]?.format ?? 'raw', layers: 'chain' } as const;
    const copy: Disk = { path: `${rest}.copy`, format: 'qcow2', base };
    await vmm.qemu.createDisk(copy, on());
    copies.push(copy);
  }
  return {
    kept: { ...kept, memoryBytes },
    from: { memory: join(folder, 'memory.zst'), network: kept.network },
    copies,
  };
};

const files = async (vmm: Bench) => {
  const [cdrom, floppy, second] = ['cd.iso', 'floppy.img', 'second.raw'].map((name) => join(vmm.folder, name));
  await writeFile(cdrom ?? '', Buffer.alloc(64 * 1024));
  await writeGuest(floppy ?? '', [], 1440);
  await writeFile(second ?? '', Buffer.alloc(1024 * 1024));
  return { cdrom: cdrom ?? '', floppy: floppy ?? '', second: { path: second ?? '', format: 'raw' } as const };
};

type Made = Awaited<ReturnType<typeof files>>;

const outgoing = 'outgoing network';

const hardware: Readonly<Record<string, (made: Made, spec: MachineSpec) => Partial<MachineSpec>>> = {
  'a plain machine': () => ({}),
  'IDE disks of q35': ({ second }, { disks }) => ({ model: { disk_interface: 'ide' }, disks: [...disks, second] }),
  'IDE disks of the older pc': () => ({ model: { disk_interface: 'ide', machine_type: 'pc' } }),
  'SCSI disks': ({ second }, { disks }) => ({ model: { disk_interface: 'scsi' }, disks: [...disks, second] }),
  'a display': () => ({ display: 'vga' }),
  'a CD, files on one more, and a floppy': ({ cdrom, floppy }) => ({ cdrom, cdOfFiles: cdrom, floppy }),
  'cards of other kinds': () => ({
    nics: [
      { network: 'local', model: 'e1000' },
      { network: 'local', model: 'rtl8139' },
    ],
  }),
  'no card': () => ({ nics: [] }),
  [outgoing]: () => ({ nics: [{ network: 'outgoing' }] }),
  'two processors': () => ({ cpus: 2 }),
  'counted instructions': () => ({ model: { icount: { shift: 9, sleep: 'off' }, rtc: { clock: 'vm' } } }),
};

const isRoot = process.getuid?.() === 0;

/** Those that are kept another way than a plain machine is; the others differ from it in their devices alone. */
const asked = (name: string) =>
  ['a plain machine', 'a CD, files on one more, and a floppy', outgoing].includes(name) ? {} : longOnly;

for (const [name, change] of Object.entries(hardware))
  test(
    `a machine is kept, and another goes on from it: ${name}`,
    name === outgoing && !isRoot ? { skip: 'root alone may make it' } : asked(name),
    async () => {
      await using vmm = await bench({ allowsOutgoing: name === outgoing });
      const plain = await vmm.specOf(0, does);
      const spec: MachineSpec = { ...plain, ...change(await files(vmm), plain) };
      const machine = vmm.keep(await vmm.qemu.start(spec, on()));
      await machine.run(on());
      const bytes = machine.line.bytes[Symbol.asyncIterator]();
      await hear(bytes, 'up\n');
      const { kept, from, copies } = await keepIn(vmm, machine, spec, join(vmm.folder, 'layer'));
      assert.deepEqual(kept.disks.map(({ base }) => base?.path), spec.disks.map((_, index) => join(vmm.folder, 'layer', `disk${index}`))); // prettier-ignore
      const before = await stat(join(vmm.folder, 'layer', 'disk0'));

      const again = vmm.keep(await vmm.qemu.start({ ...spec, ...(await vmm.specOf(3, [])), ...change(await files(vmm), plain), disks: copies, from }, on())); // prettier-ignore
      await again.run(on());
      // Both go on, each by itself.
      const other = again.line.bytes[Symbol.asyncIterator]();
      for (const [line, heard] of [
        [machine.line, bytes],
        [again.line, other],
      ] as const) {
        await line.write(Buffer.from('x.'));
        await hear(heard, 'done\n');
      }
      for (const one of [machine, again]) assert.equal((await one.ended).how, 'halt');
      const after = await stat(join(vmm.folder, 'layer', 'disk0'));
      assert.deepEqual([after.mtimeMs, after.size], [before.mtimeMs, before.size], 'what is at rest was written to');
    },
  );

test('a machine with UEFI is kept with its variables', { skip: whyNoFirmware() }, async () => {
  await using vmm = await bench();
  const variables = join(vmm.folder, 'efivars.fd');
  const spec = await vmm.specOf(0, [], { memoryMb: 128, firmware: { by: 'uefi', variables } });
  const machine = vmm.keep(await vmm.qemu.start(spec, on()));
  await machine.run(on());
  const { from, copies } = await keepIn(vmm, machine, spec, join(vmm.folder, 'layer'));
  await machine[Symbol.asyncDispose]();
  assert.equal((await stat(join(vmm.folder, 'layer', 'efivars.fd'))).mode & 0o777, 0o600);
  const own = join(vmm.folder, 'own.fd');
  await copyFile(join(vmm.folder, 'layer', 'efivars.fd'), own);
  const again = vmm.keep(
    await vmm.qemu.start({ ...spec, disks: copies, firmware: { by: 'uefi', variables: own }, from }, on()),
  );
  await again.run(on());
  // It is one that can be kept in its turn.
  await keepIn(vmm, again, { ...spec, disks: copies }, join(vmm.folder, 'second'));
  assert.deepEqual((await readdir(join(vmm.folder, 'second'))).filter((name) => !name.startsWith('disk')), ['efivars.fd', 'memory.zst']); // prettier-ignore
});

test('nothing of a machine that was kept is in the folder in which its QEMU works', async () => {
  await using vmm = await bench();
  const spec = await vmm.specOf(0, does);
  const machine = vmm.keep(await vmm.qemu.start(spec, on()));
  await machine.run(on());
  await hear(machine.line.bytes[Symbol.asyncIterator](), 'up\n');
  const own = join(spec.folder, 'vm');
  const before = await readdir(own);
  const { kept } = await keepIn(vmm, machine, spec, join(vmm.folder, 'layer'));
  assert.deepEqual(await readdir(own), before);
  for (const { path } of kept.disks) {
    const { uid, mode } = await stat(path);
    assert.deepEqual([uid, mode & 0o777], [process.getuid?.(), 0o600]);
  }
  assert.ok(!existsSync(join(vmm.folder, 'layer', 'memory.zst.raw')));
});

test('a guest goes on when QEMU has finished moving its memory, not when it says that all of it was moved', async () => {
  const asked: string[] = [];
  const ask = async (command: string) => {
    asked.push(command);
    if (command === 'query-status') return { status: asked.length < 4 ? 'finish-migrate' : 'postmigrate' };
    // As QEMU does (monitor/qmp-cmds.c, qmp_cont).
    assert.equal(asked.filter((one) => one === 'query-status').length, 4, 'Migration is not finalized yet');
    return {};
  };
  await letGoOn(ask, systemClock);
  assert.equal(asked.at(-1), 'cont');
});
