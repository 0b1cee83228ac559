import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../src/base/clock.ts';
import { ptyLine } from '../src/vmm/vmd/pty-line.ts';
import { hear } from './fixtures/qemu-bench.ts';
import { awaitByte, echo, flood, powerOff, say } from './fixtures/tiny-guest.ts';
import { converse, eventually, rowOf } from './fixtures/vmd-console.ts';
import { disksFor } from './fixtures/vmd-disks.ts';
import { daemonId, needsRoot, startVmd, type VmdOptions } from './fixtures/vmd.ts';
import { isLong } from './fixtures/hypervisor.ts';

const options = { skip: needsRoot };

/** A host with a VM `im-0`. */
const shop = async (how: VmdOptions, does?: readonly Buffer[]) => {
  const vmd = await startVmd(how);
  const { disk } = await disksFor(vmd);
  const path = await disk('im-0', does);
  const ran = await vmd.vmctlAsImaged('start', '-t', 'imaged', '-m', '64M', '-d', `raw:${path}`, '-L', 'im-0');
  assert.equal(ran.exitCode, 0, ran.stderr);
  const tty = /tty (\S+)\n/.exec(ran.stderr)?.[1] ?? '';
  const console = (as: 'imaged' | 'root' = 'imaged') => converse(vmd, ['vmctl', 'console', 'im-0'], as);
  return { vmd, tty, console, [Symbol.asyncDispose]: vmd[Symbol.asyncDispose] };
};

test('a VM has a terminal of its starter and group tty, until it is gone', options, async () => {
  await using s = await shop({ guests: 'none' });
  assert.match(s.tty, /^\/dev\/tty[p-z][0-9a-v]$/);
  const found = await stat(s.tty);
  const group = /^tty:[^:]*:(\d+)/m.exec(await readFile('/etc/group', 'utf8'))?.[1];
  assert.deepEqual([found.uid, String(found.gid), found.mode & 0o777], [daemonId, group, 0o620]);
  assert.equal((await rowOf(s.vmd, 'im-0'))?.tty, s.tty.replace('/dev/', ''));
  await s.vmd.vmctl('stop', '-fw', 'im-0');
  await assert.rejects(stat(s.tty), { code: 'ENOENT' });
});

test('what a guest says while nobody has its terminal open is lost', options, async () => {
  await using s = await shop({ guests: 'none', says: 'hello\r\n' });
  await using console = s.console();
  await console.hear(/Connected to .*\r\n/);
  console.type('\r');
  assert.equal(await console.hear(/hello\r\n/), 'hello\r\n');
  console.hangUp();
  await console.ended;
  assert.equal(console.text().split('hello').length, 2);
});

test('a guest is not held up by a console that nobody reads, and what has no room is lost', options, async () => {
  await using vmd = await startVmd();
  const { disk } = await disksFor(vmd);
  const path = await disk('im-0', [awaitByte, say('up'), awaitByte, flood, powerOff]);
  const start = ['start', '-c', '-t', 'imaged', '-m', '64M', '-L', '-d', `raw:${path}`, 'im-0'];
  const [file, ...words] = vmd.inside([join(vmd.bin, 'vmctl'), ...start]);
  const cu = spawn(file, words, { stdio: ['pipe', 'pipe', 'inherit'] });
  let heard = '';
  cu.stdout.setEncoding('latin1').on('data', (chunk: string) => (heard += chunk));
  for (const word of ['Connected', 'up']) {
    await eventually(
      async () => heard,
      (text) => text.includes(word),
    );
    if (word === 'Connected') cu.stdin.write('x');
  }
  // From here on nothing is read before the guest has said all and gone.
  cu.stdout.pause();
  cu.stdin.write('x');
  await eventually(
    () => rowOf(vmd, 'im-0'),
    (row) => row === undefined,
  );
  cu.stdout.resume();
  await once(cu, 'close');
  assert.ok(heard.length > 1000 && heard.length < 640_000, `${heard.length} of 640000 bytes were heard`);
});

test(
  'a console that is attached at once, and one that follows another at once, hear a prompt without a newline',
  options,
  async () => {
    await using vmd = await startVmd({ guests: 'none', says: 'prompt> ', taps: 16 });
    const { disk } = await disksFor(vmd);
    const path = await disk('im-0');
    for (let round = 0; round < (isLong ? 25 : 8); round++) {
      const start = ['start', '-c', '-t', 'imaged', '-m', '64M', '-L', '-d', `raw:${path}`, 'im-0'];
      for (const words of [start, ['console', 'im-0'], ['console', 'im-0']]) {
        await using console = converse(vmd, ['vmctl', ...words]);
        await console.hear(/Connected.*\r\n/);
        console.type('\r');
        await console.hear(/^prompt> $/);
        console.kill('SIGKILL');
        await console.ended;
      }
      await vmd.vmctl('stop', '-fw', 'im-0');
    }
  },
);

test('cu has the terminal for itself; root comes in all the same, and a killed cu lets go', options, async () => {
  await using s = await shop({ guests: 'none' });
  await using first = s.console();
  await first.hear(/Connected/);
  await using second = s.console();
  assert.equal(await second.ended, 1);
  assert.equal(second.text(), `cu: open("${s.tty}"): Device busy\n`);
  await using root = s.console('root');
  await root.hear(/Connected/);
  root.hangUp();
  await root.ended;
  first.kill('SIGKILL');
  await first.ended;
  await using third = s.console();
  await third.hear(/Connected/);
});

test('cu ends with its input, or by a signal, and says which', options, async () => {
  await using s = await shop({ guests: 'none' });
  for (const [end, last] of [
    ['EOF', '\r\n[EOT]\n'],
    ['SIGTERM', '\r\n[SIGTERM]\n'],
    ['SIGHUP', '\r\n[SIGHUP]\n'],
  ] as const) {
    await using console = s.console();
    await console.hear(/Connected.*\r\n/);
    if (end === 'EOF') console.hangUp();
    else console.kill(end);
    assert.equal(await console.ended, 0);
    assert.equal(console.text(), `Connected to ${s.tty} (speed 115200)\r\n${last}`);
  }
});

test('a tilde is data from a pipe, and an escape from a terminal', options, async () => {
  await using s = await shop({}, [say('up'), awaitByte, say('>'), echo, powerOff]);
  {
    const [file, ...words] = s.vmd.inside([join(s.vmd.bin, 'vmctl'), 'console', 'im-0']);
    await using line = ptyLine(file, words, { clock: systemClock });
    const bytes = line.bytes[Symbol.asyncIterator]();
    await hear(bytes, 'Connected');
    // The guest may have said `up` before, so it is woken until it answers.
    await line.write(Buffer.from('x'));
    await hear(bytes, '>');
    await line.write(Buffer.from('a~b\r~~c'));
    await hear(bytes, 'a~b\r~c');
    await line.write(Buffer.from('\r~.'));
    await hear(bytes, '[EOT]');
    assert.equal((await line.exited).exitCode, 0);
  }
  await using console = s.console();
  await console.hear(/Connected.*\r\n/);
  console.type('\r~.');
  await console.hear(/\r~\./);
  assert.equal(await console.ended, 0);
});

test('cu is given -r from 7.7 on, with the line and its speed', options, async () => {
  for (const [release, words] of [
    ['7.2', []],
    ['7.4', []],
    ['7.7', ['-r']],
    ['current', ['-r']],
  ] as const) {
    await using s = await shop({ guests: 'none', release });
    await using console = s.console();
    await console.hear(/Connected/);
    const argv = (await readFile(`/proc/${console.pid}/cmdline`, 'utf8')).split('\0').slice(2, -1);
    assert.deepEqual(argv, [join(s.vmd.bin, 'cu'), ...words, '-l', s.tty, '-s', '115200']);
  }
});
