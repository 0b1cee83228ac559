import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { systemClock } from '../../src/base/clock.ts';
import { freshen } from '../../src/guest/freshen.ts';
import { renewIdentity } from '../../src/guest/renew-identity.ts';
import { awaitBanner } from '../../src/guest/ssh/banner.ts';
import { atBestMs } from '../fixtures/at-best.ts';
import { keptBench, linesOf, long } from '../fixtures/kept-guest.ts';
import { failsAs } from '../store-shop.ts';

const run = promisify(execFile);
const isRoot = process.getuid?.() === 0;

const hour = 3_600_000;

const hostKey = '/etc/dropbear/dropbear_ed25519_host_key';
const seed = '/var/lib/systemd/random-seed';

const quiet = { clock: systemClock, onSeen: () => undefined };

test('a machine is kept while it runs, and two go on from it at once, each with random numbers and host keys of its own', async (t) => {
  await using vmm = await keptBench();
  const machine = await vmm.start(0, [await vmm.overlay('first.qcow2')]);
  const guest = await vmm.logIn(machine);
  // The test system has its key in a place of its own, and no seed.
  await linesOf(guest, `cp /etc/dropbear/ed25519 ${hostKey}; mkdir -p ${dirname(seed)}; echo seed >${seed}`);
  await linesOf(guest, 'echo kept >/word; sync');
  // Linux draws it when it is read first.
  const boot = await linesOf(guest, 'cat /proc/sys/kernel/random/boot_id');

  let layer = 'layer0';
  let kept = await vmm.keepIn(machine, layer);
  let measure = 0;
  const stoodStill = await atBestMs(400, async () => {
    if (measure > 0) kept = await vmm.keepIn(machine, (layer = `layer${measure}`));
    measure += 1;
    return kept.stoodStillMs;
  });
  t.diagnostic(`stood still for ${stoodStill.toFixed()} ms, ${kept.memoryBytes} bytes`);
  assert.ok(stoodStill <= 400, `the guest stood still for ${stoodStill} ms`);
  assert.equal((await stat(join(vmm.folder, layer, 'memory.zst'))).mode & 0o777, 0o600);
  assert.deepEqual((await readdir(join(vmm.folder, layer))).filter((name) => !name.includes('base')), ['disk', 'memory.zst']); // prettier-ignore
  // The connection that was there goes on, and so does the disk.
  assert.deepEqual(await linesOf(guest, 'echo later >/later; sync; cat /word'), ['kept']);

  const machines = await Promise.all([5, 6].map((slot) => vmm.goOn(layer, slot, kept)));
  const guests = await Promise.all(machines.map(vmm.logIn));
  for (const { addresses } of machines) assert.equal(addresses.guestIp, machine.addresses.guestIp);
  const numbers: string[] = [];
  const hostKeys: string[] = [];
  for (const [index, one] of guests.entries()) {
    const said: string[] = [];
    const onLines = (lines: readonly string[]) => void said.push(...lines);
    const ahead = hour * (index + 1);
    const now = Date.now() + ahead;
    await freshen(one, { now, random: randomBytes(64) }, onLines, long());
    assert.match(said.join('\n'), /^the clock was set: it was \d+ s behind$/m);
    const behind = Date.now() + ahead - 1000 * Number((await linesOf(one, 'date +%s'))[0]);
    assert.ok(Math.abs(behind) < 5000, `the clock is ${behind} ms behind`);
    assert.deepEqual(await linesOf(one, 'cat /word; ls /later 2>/dev/null || echo none'), ['kept', 'none']);
    assert.deepEqual(await linesOf(one, 'cat /proc/sys/kernel/random/boot_id'), boot);
    numbers.push((await linesOf(one, 'dd if=/dev/urandom bs=32 count=1 2>/dev/null | sha256sum')).join());
    assert.equal(await renewIdentity(one, onLines, long()), true, said.join('\n'));
    assert.match(
      said.join('\n'),
      /host keys of the ssh server were made anew: ed25519\nseeds .* made anew: .*random-seed$/,
    );
    hostKeys.push((await linesOf(one, `cat ${hostKey} ${seed} | sha256sum`)).join());
    await linesOf(one, `echo ${index} >/own; sync; cat /own`);
  }
  hostKeys.push((await linesOf(guest, `cat ${hostKey} ${seed} | sha256sum`)).join());
  assert.equal(new Set(numbers).size, 2);
  assert.equal(new Set(hostKeys).size, 3);
  assert.deepEqual(await Promise.all(guests.map((one) => linesOf(one, 'cat /own'))), [['0'], ['1']]);
});

test('a machine that goes on answers over ssh at once', async (t) => {
  await using vmm = await keptBench();
  const booted = performance.now();
  const machine = await vmm.start(0, [await vmm.overlay('first.qcow2')]);
  await awaitBanner(machine.addresses.ssh, quiet, long());
  const bootMs = performance.now() - booted;
  const kept = await vmm.keepIn(machine, 'layer');
  await machine[Symbol.asyncDispose]();
  let slot = 1;
  const ms = await atBestMs(600, async () => {
    const began = performance.now();
    await using again = await vmm.goOn('layer', slot++, kept);
    await awaitBanner(again.addresses.ssh, quiet, long());
    return performance.now() - began;
  });
  t.diagnostic(`answered after ${ms.toFixed()} ms`);
  // A host that has other work takes longer for both.
  assert.ok(ms <= Math.max(600, bootMs / 2), `answered after ${ms} ms, and booted in ${bootMs} ms`);
});

test(
  'a machine that cannot be kept goes on as if it had not been asked, and nothing is left',
  { skip: !isRoot && 'root alone may mount' },
  async () => {
    await using vmm = await keptBench();
    const machine = await vmm.start(0, [await vmm.overlay('first.qcow2')]);
    const guest = await vmm.logIn(machine);
    await vmm.keepIn(machine, 'layer');
    const { keep } = machine;
    assert.ok(keep);
    const before = await readdir(vmm.folder);

    const small = join(vmm.folder, 'small');
    await mkdir(small);
    await run('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'none', small]);
    try {
      await assert.rejects(keep({ folder: small, overlays: [join(vmm.folder, 'full.qcow2')] }, long()), failsAs('storage_full')); // prettier-ignore
      assert.deepEqual(await readdir(small), []);
    } finally {
      await run('umount', [small]);
    }

    const end = new AbortController();
    const stopped = join(vmm.folder, 'stopped');
    await mkdir(stopped);
    const watching = (async () => {
      while (!(await readdir(stopped)).includes('memory.zst.raw')) await systemClock.sleep(1, long());
      end.abort(new Error('enough'));
    })();
    const names = { overlays: [join(vmm.folder, 'end.qcow2')], rests: [join(stopped, 'disk')] };
    await assert.rejects(keep({ folder: stopped, ...names }, end.signal), /enough/);
    await watching;
    assert.deepEqual(await readdir(stopped), []);

    // A folder that is not there, and one in which there is something already.
    await assert.rejects(keep({ folder: join(vmm.folder, 'none'), overlays: [join(vmm.folder, 'o.qcow2')] }, long()));
    await writeFile(join(stopped, 'memory.zst'), 'of another');
    await assert.rejects(keep({ folder: stopped, overlays: [join(vmm.folder, 'o.qcow2')] }, long()));
    assert.deepEqual(await readdir(stopped), ['memory.zst']);

    assert.deepEqual((await readdir(vmm.folder)).filter((name) => !before.includes(name)).toSorted(), [
      'small',
      'stopped',
    ]);
    assert.deepEqual(await linesOf(guest, 'echo on >/on; sync; cat /on'), ['on']);
    // What it wrote meanwhile is in the file that its disk is again.
    const kept = await vmm.keepIn(machine, 'good');
    assert.equal(kept.disks[0]?.base?.path, join(vmm.folder, 'good', 'disk'));
    await machine[Symbol.asyncDispose]();
    const again = await vmm.logIn(await vmm.goOn('good', 3, kept));
    assert.deepEqual(await linesOf(again, 'cat /on; echo 3 >/proc/sys/vm/drop_caches; cat /on'), ['on', 'on']);
  },
);

test('a machine that ends while it is kept is told of, and its memory that was damaged is not taken for one', async () => {
  await using vmm = await keptBench();
  const machine = await vmm.start(0, [await vmm.overlay('first.qcow2')]);
  await awaitBanner(machine.addresses.ssh, quiet, long());
  const kept = await vmm.keepIn(machine, 'layer');
  const folder = join(vmm.folder, 'gone');
  await mkdir(folder);
  const { keep } = machine;
  assert.ok(keep);
  const keeping = keep({ folder, overlays: [join(vmm.folder, 'gone.qcow2')] }, long());
  const isRefused = assert.rejects(keeping, failsAs('hypervisor_unavailable'));
  await machine.stop('cut', long());
  await isRefused;
  assert.deepEqual(await readdir(folder), []);
  assert.equal((await machine.ended).how, 'stopped');

  await assert.rejects(vmm.goOn('layer', 1, kept, { memoryMb: 128 }), failsAs('hypervisor_failed'));
  await writeFile(join(vmm.folder, 'layer', 'memory.zst'), 'no memory');
  await assert.rejects(vmm.goOn('layer', 2, kept), failsAs('hypervisor_failed'));
});
