import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { guest } from './fixtures/imaged.ts';
import { awaitByte, awaitButton, enableButton, powerOff, reset, say } from './fixtures/tiny-guest.ts';
import { converse, eventually, rowOf } from './fixtures/vmd-console.ts';
import { disksFor } from './fixtures/vmd-disks.ts';
import { needsRoot, startVmd, type Vmd, type VmdOptions } from './fixtures/vmd.ts';
import { isLong } from './fixtures/hypervisor.ts';

const options = { skip: needsRoot };

/** A host, and a way to start a guest of one sector on its console. */
const shop = async (how: VmdOptions = {}) => {
  const vmd = await startVmd(how);
  const { disk } = await disksFor(vmd);
  const argv = async (does: readonly Buffer[], words: readonly string[] = [], name = 'im-0') => {
    const path = await disk(name, does);
    return [
      'start',
      '-t',
      'imaged',
      ...(words.includes('-m') ? [] : ['-m', '64M']),
      '-L',
      '-d',
      `raw:${path}`,
      ...words,
      name,
    ];
  };
  return {
    vmd,
    /** Starts it with -c; the guest waits, at every boot, for a byte, which is typed here for the first one. */
    open: async (does: readonly Buffer[], ...words: readonly string[]) => {
      const console = converse(vmd, ['vmctl', ...(await argv([awaitByte, ...does], ['-c', ...words]))]);
      await console.hear(/Connected.*\r\n/);
      console.type('x');
      return console;
    },
    /** Starts it with -c, and it does not wait. */
    openAtOnce: async (does: readonly Buffer[], ...words: readonly string[]) =>
      converse(vmd, ['vmctl', ...(await argv(does, ['-c', ...words]))]),
    start: async (does: readonly Buffer[], ...words: readonly string[]) =>
      vmd.vmctlAsImaged(...(await argv(does, words))),
    [Symbol.asyncDispose]: vmd[Symbol.asyncDispose],
  };
};

const gone = (vmd: Vmd) =>
  eventually(
    () => rowOf(vmd, 'im-0'),
    (row) => row === undefined,
  );

test(
  'start -c hears the first byte, and the console ends when the guest has switched itself off',
  options,
  async () => {
    await using s = await shop();
    await using console = await s.open([say('first words'), awaitByte, powerOff]);
    // Before the end: a terminal that is hung up drops what its reader has not had.
    await console.hear(/first words/);
    console.type('x');
    assert.equal(await console.ended, 0);
    assert.match(console.text(), /^Connected to \/dev\/tty\w+ \(speed 115200\)\r\nfirst words\r\n\[EOT\]\n$/);
    await gone(s.vmd);
  },
);

test('a guest that switches itself off is stopping for a while, and whoever waits is told', options, async () => {
  await using s = await shop({ times: { halt: 1 } });
  await using console = await s.open([say('up'), awaitByte, powerOff]);
  await console.hear(/up/);
  const waiting = s.vmd.vmctlAsImaged('wait', 'im-0');
  await eventually(s.vmd.log, (log) => log.includes('asked wait im-0'));
  console.type('x');
  const row = await eventually(
    () => rowOf(s.vmd, 'im-0'),
    (found) => found?.state !== 'running',
  );
  assert.equal(row?.state, 'stopping');
  assert.equal(
    (await s.vmd.vmctlAsImaged('wait', 'im-0')).stderr,
    'waiting for vm im-0: failed: Operation already in progress\n',
  );
  assert.deepEqual(await waiting, { stdout: '', stderr: 'waiting for vm im-0: terminated vm 3\n', exitCode: 0 });
  assert.equal(await rowOf(s.vmd, 'im-0'), undefined);
});

test(
  'a guest that resets runs again with its id and tty, in another process, and wait ends with it',
  options,
  async () => {
    await using s = await shop();
    await using console = await s.open([say('boot;'), awaitByte, reset]);
    await console.hear(/boot;/);
    const before = await rowOf(s.vmd, 'im-0');
    const waiting = s.vmd.vmctlAsImaged('wait', 'im-0');
    await eventually(s.vmd.log, (log) => log.includes('asked wait im-0'));
    console.type('x');
    const after = await eventually(
      () => rowOf(s.vmd, 'im-0'),
      (row) => row?.pid !== before?.pid && row?.state === 'running',
    );
    console.type('x');
    await console.hear(/boot;/);
    assert.deepEqual({ ...after, pid: before?.pid }, before);
    assert.equal((await waiting).stderr, 'waiting for vm im-0: terminated vm 3\n');
  },
);

for (const device of ['disk', 'cdrom', 'net'])
  test(`a guest started with -B ${device} that resets is gone`, options, async () => {
    await using s = await shop();
    await using console = await s.open([say('boot;'), awaitByte, reset], '-B', device);
    // Before the end: a terminal that is hung up drops what its reader has not had.
    await console.hear(/boot;/);
    console.type('x');
    assert.equal(await console.ended, 0);
    assert.equal(console.text().split('boot;').length, 2);
    await gone(s.vmd);
  });

test('a guest that resets again and again is stopped at its third quick restart', options, async () => {
  for (const release of ['7.2', 'current'] as const) {
    await using s = await shop({ release });
    await s.start([say('boot;'), reset]);
    await eventually(
      () => s.vmd.log(),
      (log) => log.includes('vm 3 restarted too quickly'),
    );
    if (release === '7.2') await gone(s.vmd);
    else {
      // It stays in the list, and in the way, until an administrator reloads.
      assert.equal((await rowOf(s.vmd, 'im-0'))?.state, 'stopped');
      assert.match((await s.start([powerOff])).stderr, /Too many processes\n$/);
      await s.vmd.vmctl('reload');
      assert.match((await s.start([powerOff])).stderr, /started vm 3 /);
    }
  }
});

test('stop cuts the power of a guest without a driver, and asks one that has it', options, async () => {
  await using s = await shop();
  {
    await using console = await s.open([say('up'), awaitButton, say('asked'), powerOff]);
    await console.hear(/up/);
    assert.equal((await s.vmd.vmctlAsImaged('stop', '-w', 'im-0')).stderr, 'stopping vm im-0: terminated vm 3\n');
    await console.ended;
    assert.doesNotMatch(console.text(), /asked/);
  }
  await using console = await s.open([enableButton, say('up'), awaitButton, say('asked'), awaitByte, powerOff]);
  await console.hear(/up/);
  const stopping = s.vmd.vmctlAsImaged('stop', '-w', 'im-0');
  await console.hear(/asked/);
  console.type('x');
  assert.equal((await stopping).stderr, 'stopping vm im-0: terminated vm 3\n');
});

test('a guest that is asked to stop and resets does not run again', options, async () => {
  await using s = await shop();
  await using console = await s.open([enableButton, say('up'), awaitButton, reset]);
  await console.hear(/up/);
  await s.vmd.vmctlAsImaged('stop', '-w', 'im-0');
  assert.equal(await rowOf(s.vmd, 'im-0'), undefined);
});

test(
  'a guest that is asked and does nothing is stopping until vmd kills it, or somebody forces it',
  options,
  async () => {
    await using s = await shop({ times: { stop: 1.5 } });
    const deaf = [enableButton, say('up')];
    for (const ending of ['patience', 'force'] as const) {
      await using console = await s.open(deaf);
      await console.hear(/up/);
      const began = performance.now();
      const stopping = s.vmd.vmctlAsImaged('stop', '-w', 'im-0');
      await eventually(
        () => rowOf(s.vmd, 'im-0'),
        (row) => row?.state === 'stopping',
      );
      const again = await s.vmd.vmctlAsImaged('stop', 'im-0');
      assert.equal(again.stderr, 'stopping vm im-0: failed: Operation already in progress\n');
      if (ending === 'force') {
        const { stderr } = await s.vmd.vmctlAsImaged('stop', '-f', 'im-0');
        assert.equal(stderr, 'stopping vm im-0: requested to shutdown vm 3\n');
      }
      assert.equal((await stopping).stderr, 'stopping vm im-0: terminated vm 3\n');
      assert.equal(performance.now() - began >= 1500, ending === 'patience');
    }
  },
);

test('a paused guest stands still, and its state is paused', options, async () => {
  await using s = await shop();
  await using console = await s.open([say('up'), awaitByte, say('heard')]);
  await console.hear(/up/);
  await s.vmd.vmctlAsImaged('pause', 'im-0');
  console.type('x');
  assert.equal((await rowOf(s.vmd, 'im-0'))?.state, 'paused');
  assert.doesNotMatch(console.text(), /heard/);
  await s.vmd.vmctlAsImaged('unpause', 'im-0');
  await console.hear(/heard/);
  assert.equal((await rowOf(s.vmd, 'im-0'))?.state, 'running');
});

test('a VM whose process is killed is gone, with its terminal, its tap and the lock of its disk', options, async () => {
  await using s = await shop();
  await using console = await s.open([say('up')]);
  await console.hear(/up/);
  const row = await rowOf(s.vmd, 'im-0');
  process.kill(Number(row?.pid), 'SIGKILL');
  assert.equal(await console.ended, 0);
  await gone(s.vmd);
  assert.equal((await s.vmd.run([join(s.vmd.bin, 'ifconfig'), 'tap'])).exitCode, 1);
  assert.match((await s.start([powerOff])).stderr, /started vm 3 /);
});

test('the kernel of -b boots once from 7.3 on, and again and again on 7.2', options, async () => {
  const append = (await readFile(join(guest, 'append.fast'), 'utf8')).trim();
  for (const [release, then] of [
    ['7.2', /Restarting system[^]*Restarting system/],
    ['7.4', /Restarting system[^]*from disk/],
    ['current', /Restarting system[^]*from disk/],
  ] as const) {
    if (!isLong && release === '7.4') continue;
    await using s = await shop({ release });
    const words = join(s.vmd.folder, 'append');
    const kernel = join(s.vmd.folder, 'again.rd');
    await writeFile(words, `${append} imaged.act=reboot-for-ever\n`);
    const bundle = join(import.meta.dirname, '../../test/guest/bundle');
    await promisify(execFile)(bundle, [kernel, join(guest, 'vmlinux'), join(guest, 'installer.cpio'), words]);
    await using console = await s.openAtOnce([say('from disk')], '-m', '256M', '-b', kernel);
    await console.hear(then);
    assert.ok(await rowOf(s.vmd, 'im-0'));
  }
});
