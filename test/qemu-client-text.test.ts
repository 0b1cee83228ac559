import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { runProgram } from '../src/base/program.ts';
import { multibootKernel } from './fixtures/multiboot.ts';
import { networkGuest, shellOf } from './fixtures/network-guest.ts';
import { staticAddressesOf } from '../src/vmm/qemu/network.ts';
import type { StaticAddresses } from '../src/vmm/types.ts';
import { bench, heard, on, pidOf } from './fixtures/qemu-bench.ts';
import { recorder } from './fixtures/recorder.ts';
import { powerOff, say, writeGuest } from './fixtures/tiny-guest.ts';

test('a ramdisk whose name has a comma and the path of another file is one module, though QEMU would load both', async () => {
  await using vmm = await bench();
  const canary = join(vmm.folder, 'shadow');
  await writeFile(canary, 'what the host keeps to itself;');
  const context = join(vmm.folder, 'context');
  const initrd = `${join(context, 'a,')}${canary}`;
  await mkdir(dirname(initrd), { recursive: true });
  await writeFile(initrd, 'the decoy;');
  await writeFile(join(context, 'a'), 'the first;');
  const kernel = join(context, 'kernel');
  await writeFile(kernel, multibootKernel());

  const bare = ['-machine', 'q35', '-nodefaults', '-display', 'none', '-serial', 'stdio', '-kernel', kernel];
  const { stdout } = await runProgram('qemu-system-x86_64', [...bare, '-initrd', initrd], { signal: on() });
  assert.equal(stdout, 'the first;what the host keeps to itself;', 'the attack itself');

  const machine = await vmm.start([], {
    boot: { device: 'disk', kernel, initrd, append: () => `x ${canary},${canary}` },
  });
  await machine.run(on());
  assert.equal(await heard(machine), 'the decoy;');
});

test('no word of a client stands on a command line or in an environment, and the guest has them all', async () => {
  await using record = await recorder();
  const binary = await record.program('qemu', 'exec qemu-system-x86_64 "$@"');
  const qemuImg = await record.program('qemu-img', 'exec qemu-img "$@"');
  const netcat = await record.program('nc', 'exec nc "$@"');
  await using vmm = await bench({ binary, qemuImg, netcat });
  const mark = 'CHOSEN';
  const context = join(vmm.folder, `context,${mark}`);
  await mkdir(context);
  const at = (name: string) => join(context, `${mark},"${name}'\n`);
  await writeFile(at('kernel'), multibootKernel());
  await writeFile(at('initrd'), 'loaded');
  await writeGuest(at('base'), [say('base'), powerOff]);
  await writeFile(at('iso'), Buffer.alloc(4096));
  await writeGuest(at('floppy'), [], 1440);

  const work = join(vmm.folder, 'work');
  await mkdir(work);
  const base = { path: at('base'), format: 'raw', layers: 'one' } as const;
  const disk = { path: join(work, 'disk0.qcow2'), format: 'qcow2', base } as const;
  await vmm.qemu.createDisk({ ...disk, sizeMb: 2 }, on());
  const media = { disks: [disk], cdrom: at('iso'), floppy: at('floppy') };
  const boot = {
    device: 'disk',
    kernel: at('kernel'),
    initrd: at('initrd'),
    append: () => `${mark}="a,b" ${mark}`,
  } as const;
  for (const [change, words] of [
    [{ ...media, boot }, 'loaded'],
    [media, 'base'],
  ] as const) {
    const machine = await vmm.start([], change);
    await machine.run(on());
    assert.equal(await heard(machine), words);
    assert.doesNotMatch(JSON.stringify(machine.about), new RegExp(`${mark}|${vmm.folder}`));
    await machine[Symbol.asyncDispose]();
  }
  await vmm.qemu.convertDisk(disk, { path: join(work, 'export0.raw'), format: 'raw' }, on());
  const recorded = await record.recorded();
  assert.match(recorded, /qemu:\n[^]*--preconfig\n[^]*qemu-img:\nconvert/);
  assert.doesNotMatch(recorded, new RegExp(mark));
  assert.equal((await readFile(join(work, 'export0.raw'))).length, 2 * 1024 ** 2);
});

test('a kernel hears its whole command line, quotes, commas and all', async () => {
  await using vmm = await bench();
  const guest = await networkGuest(vmm.folder);
  const { append: own } = guest.boot ?? assert.fail();
  assert.ok(own !== undefined);
  const append = `${own(staticAddressesOf(0))} url=http://100.64.1.4/x said="a b, c" last=${'y'.repeat(1200)}=é`;
  const toldOf = ({ http }: StaticAddresses) => append.replace('http://100.64.1.4', http.url);
  const machine = await vmm.start([], { ...guest, boot: { ...(guest.boot ?? assert.fail()), append: toldOf } });
  await machine.run(on());
  const { run } = await shellOf(machine);
  assert.ok(
    (await run('busybox md5sum </proc/cmdline; busybox wc -c </proc/cmdline')).includes(
      `${Buffer.byteLength(append) + 1}\n`,
    ),
  );
});

test('what a machine is made of is QEMU’s own word, or there is no machine', async () => {
  await using vmm = await bench();
  for (const model of [{ machine_type: 'q35,vmport=on' }, { cpu_model: 'max,+x' }, { net_device: 'e1000,romfile=/x' }])
    await assert.rejects(vmm.start([], { model }), { code: 'template_invalid' });
});

const asRoot = {
  skip: (process.platform !== 'linux' || process.getuid?.() !== 0) && 'root of Linux alone has another user for QEMU',
};

const statusOf = async (pid: number) => {
  const text = await readFile(`/proc/${pid}/status`, 'utf8');
  return Object.fromEntries(
    [...text.matchAll(/^(\w+):[ \t]*(.*)$/gm)].map(([, key, value]) => [key ?? '', value ?? '']),
  );
};

test(
  'where imaged is root QEMU is a user of its slot alone, without capabilities, groups and ways back',
  asRoot,
  async () => {
    await using vmm = await bench({ allowsOutgoing: true });
    for (const [slot, nics] of [[], [{ network: 'local' }], [{ network: 'outgoing' }]].entries()) {
      const machine = await vmm.start([], { nics: nics as { network: 'local' | 'outgoing' }[] }, slot);
      const status = await statusOf(pidOf(machine));
      const uid = String(1_900_000_000 + slot);
      assert.equal(status['Uid'], [uid, uid, uid, uid].join('\t'));
      assert.equal(status['Gid'], [uid, uid, uid, uid].join('\t'));
      assert.equal(status['Groups'], '');
      for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'])
        assert.match(status[set] ?? '', /^0+$/, set);
      assert.deepEqual([status['NoNewPrivs'], status['Seccomp']], ['1', '2']);
    }
  },
);

test('a user that the configuration names is who QEMU is, and one that is not there is told', asRoot, async () => {
  await using named = await bench({ user: 'nobody' });
  const machine = await named.start([]);
  assert.match((await statusOf(pidOf(machine)))['Uid'] ?? '', /^65534\t/);
  await using unknown = await bench({ user: 'nobody-knows' });
  await assert.rejects(unknown.start([]), { code: 'hypervisor_unavailable', message: /no user nobody-knows/ });
});
