import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, existsSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { lineBounds } from '../src/base/bounds.ts';
import { cleanupStack } from '../src/base/cleanup.ts';
import { systemClock as clock } from '../src/base/clock.ts';
import { startDetached } from '../src/base/process/start-detached.ts';
import { retry } from '../src/base/waiting.ts';
import { heldLine } from '../src/vmm/held/held-line.ts';
import { endHolders, holderLeft, startHolder } from '../src/vmm/held/holder.ts';
import { heldFiles, holderMark } from '../src/vmm/held/names.ts';
import { openSaid } from '../src/vmm/holder/said-file.ts';
import { processesWith } from '../src/vmm/processes.ts';
import { connectUnix, isNobodyThere } from '../src/vmm/unix-socket.ts';
import { untilTrue } from './fixtures/until-true.ts';

const on = () => AbortSignal.timeout(60_000);

const program = join(import.meta.dirname, '../src/vmm/holder/main.js');

const connected = 'stty raw -echo; printf "Connected to /dev/ttyp0 (speed 115200)\\r\\n"';

/** A folder of a machine, and holders of what a script says and takes in the place of vmctl and cu. */
const shop = async () => {
  const cleanup = cleanupStack();
  const folder = await mkdtemp(join(tmpdir(), 'held-'));
  cleanup.defer(() => rm(folder, { recursive: true }));
  cleanup.defer(() => endHolders(folder, clock, on()));
  const start = (script: string) => startHolder(folder, { words: ['cu', '/bin/sh', '-c', script] }, clock, on());
  return {
    folder,
    start,
    hold: async (script: string) => {
      const found = await start(`${connected}; ${script}`);
      assert.ok('write' in found, JSON.stringify(found));
      return found;
    },
    /** Starts one that no daemon has come to. */
    alone: async (words: readonly string[], fds: readonly number[] = []) => {
      const { log } = heldFiles(folder);
      await startDetached(process.execPath, [program, folder, ...words], log, { fds });
    },
    /** Is there as a daemon for so long as it takes to type this. */
    visit: async (typing: string) => {
      const { socket: path } = heldFiles(folder);
      const soon = { attempts: Infinity, firstMs: 5, growth: 1.3, mostMs: 50 };
      const socket = await retry(() => connectUnix(path, on()), soon, isNobodyThere, clock, on());
      // It is closed from there.
      socket.on('error', () => undefined);
      await once(socket, 'data');
      await new Promise<void>((resolve) => void socket.end(typing, resolve));
    },
    said: () => readFile(heldFiles(folder).said, 'latin1'),
    running: () => processesWith([holderMark(folder)], on()),
    [Symbol.asyncDispose]: cleanup[Symbol.asyncDispose],
  };
};

test('a program that ends before it is connected is told by its words and its exit code', async () => {
  await using s = await shop();
  const found = await s.start('echo vmctl: no such VM; exit 3');
  assert.deepEqual(found, {
    said: 'vmctl: no such VM\r\n',
    exit: { exitCode: 3, signal: undefined },
  });
});

/** What this process has open of a folder (proc(5)). */
const openBelow = (folder: string): readonly string[] =>
  readdirSync('/proc/self/fd').flatMap((fd) => {
    const path = existsSync(`/proc/self/fd/${fd}`) ? readlinkSync(`/proc/self/fd/${fd}`) : '';
    return path.startsWith(folder) ? [path] : [];
  });

test('a line that was read in part, and let go, keeps no file open', async () => {
  await using s = await shop();
  {
    const again = () => Promise.reject(new Error('not asked for'));
    const holder = await s.hold('echo one; exec cat');
    await using line = await heldLine(holder, { folder: s.folder, clock, again, onGone: () => undefined });
    await line.bytes[Symbol.asyncIterator]().next();
    assert.notDeepEqual(openBelow(s.folder), []);
  }
  assert.deepEqual(openBelow(s.folder), []);
});

test('what is said while no daemon is there is on file, after what was said before, and the next one types on', async () => {
  await using s = await shop();
  await s.alone([
    'cu',
    '/bin/sh',
    '-c',
    `${connected}; echo one; read a; echo "two $a"; read b; echo "three $b"; sleep 60`,
  ]);
  await s.visit('A\n');
  await untilTrue(async () => (await s.said()).includes('two A'));
  const next = await holderLeft(s.folder, clock, on());
  assert.ok(next !== undefined);
  await next.write(Buffer.from('B\n'));
  await untilTrue(async () => (await s.said()).includes('three B'));
  assert.equal(await s.said(), 'one\ntwo A\nthree B\n');
  await next.end();
  assert.equal(await holderLeft(s.folder, clock, on()), undefined);
  assert.deepEqual(await s.running(), []);
});

test('a holder that goes while a daemon stands in its queue is not there', async () => {
  await using s = await shop();
  await s.hold('sleep 60');
  const pids = await s.running();
  assert.equal(pids.length, 1);
  for (const pid of pids) process.kill(pid, 'SIGSTOP');
  const left = holderLeft(s.folder, clock, on());
  // The kernel puts it in the queue before the next connection.
  (await connectUnix(heldFiles(s.folder).socket, on())).destroy();
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  assert.equal(await left, undefined);
});

test('a holder goes with its line, and all that was said is on file by then', async () => {
  await using s = await shop();
  const holder = await s.hold('read a; i=0; while [ $i -lt 5000 ]; do echo "line $i"; i=$((i+1)); done');
  await holder.write(Buffer.from('\n'));
  await holder.gone;
  await untilTrue(async () => (await s.running()).length === 0);
  assert.equal(await s.said(), Array.from({ length: 5000 }, (_, n) => `line ${n}\n`).join(''));
});

test('a line whose holder is killed is held again, which is told, and it ends when its machine has gone', async () => {
  await using s = await shop();
  const script = 'echo up; while read a; do echo "heard $a"; done';
  let again = 0;
  const line = await heldLine(await s.hold(script), {
    folder: s.folder,
    clock,
    again: () => s.hold(`echo again ${++again}; ${script}`),
    onGone: () => undefined,
  });
  let gaps = 0;
  line.onGap(() => (gaps += 1));
  let heard = '';
  const reading = (async () => {
    for await (const bytes of line.bytes) heard += Buffer.from(bytes).toString('latin1');
  })();
  await line.write(Buffer.from('one\n'));
  await untilTrue(async () => heard.includes('heard one'));
  for (const pid of await s.running()) process.kill(pid, 'SIGKILL');
  await untilTrue(async () => gaps === 1);
  await line.write(Buffer.from('two\n'));
  await untilTrue(async () => heard.includes('heard two'));
  await line[Symbol.asyncDispose]();
  await reading;
  assert.match(heard, /^up\nheard one\nagain 1\nup\nheard two\n/);
  assert.deepEqual(await s.running(), []);
});

test('a line that can wait does so beyond its bound, until a daemon comes, and its holder goes with the machine', async () => {
  await using s = await shop();
  const [said, typed] = [join(s.folder, 'out'), join(s.folder, 'in')];
  execFileSync('mkfifo', [said, typed]);
  const ends = cleanupStack();
  const end = async (path: string, flags: number) => {
    const handle = await open(path, flags | constants.O_NONBLOCK);
    ends.defer(() => handle.close());
    return handle;
  };
  const reads = await end(said, constants.O_RDONLY);
  await end(said, constants.O_WRONLY);
  await end(typed, constants.O_RDONLY);
  const types = await end(typed, constants.O_WRONLY);
  await s.alone(['pipes'], [reads.fd, types.fd]);
  const size = () => statSync(heldFiles(s.folder).said, { throwIfNoEntry: false })?.size ?? 0;
  const guest = spawn('dd', ['if=/dev/zero', `of=${said}`, 'bs=64k'], { stdio: 'ignore' });
  await untilTrue(async () => size() === lineBounds.aheadBytes);
  await s.visit('');
  await untilTrue(async () => size() > lineBounds.aheadBytes);
  await untilTrue(async () => size() >= 2 * lineBounds.aheadBytes);
  guest.kill('SIGKILL');
  await ends[Symbol.asyncDispose]();
  await untilTrue(async () => (await s.running()).length === 0);
});

test('a file takes no more than its bound while nobody is there, and says how much is missing before the end', async () => {
  await using s = await shop();
  const path = heldFiles(s.folder).said;
  {
    using said = openSaid(path, 10);
    assert.equal(said.put(Buffer.from('12345678')).length, 0);
    assert.equal(Buffer.from(said.put(Buffer.from('90abc'))).toString(), 'abc');
    said.leaveOut(Buffer.alloc(200_000, 'x'));
    said.leaveOut(Buffer.from('\nprompt> '));
    assert.equal(await s.said(), '1234567890');
    // The prompt is there as soon as somebody is.
    said.attend('daemon');
    assert.match(await s.said(), /^1234567890\r\n\.\.\. 200001 bytes left out \.\.\.\r\nprompt> $/);
    assert.equal(said.put(Buffer.alloc(1000, 'y')).length, 0);
    said.attend('nobody');
    assert.equal(said.put(Buffer.alloc(20, 'z')).length, 10);
  }
  assert.ok((await s.said()).endsWith('y' + 'z'.repeat(10)));
});
