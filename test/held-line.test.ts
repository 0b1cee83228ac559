import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { cleanupStack } from '../src/base/cleanup.ts';
import { systemClock as clock } from '../src/base/clock.ts';
import { heldLine } from '../src/vmm/held/held-line.ts';
import { endHolders, holderLeft, startHolder } from '../src/vmm/held/holder.ts';
import { heldFiles, holderMark } from '../src/vmm/held/names.ts';
import { openSaid } from '../src/vmm/holder/said-file.ts';
import { processesWith } from '../src/vmm/processes.ts';
import { connectUnix } from '../src/vmm/unix-socket.ts';
import { untilTrue } from './fixtures/until-true.ts';

const on = () => AbortSignal.timeout(60_000);

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

test('what is said while no daemon is there is on file, after what was said before, and the next one types on', async () => {
  await using s = await shop();
  // Without a connection from here on, as a daemon that was killed leaves it.
  await s.hold('echo one; read a; echo "two $a"; read b; echo "three $b"; sleep 60');
  const socket = await connectUnix(heldFiles(s.folder).socket, on());
  await once(socket, 'data');
  await new Promise<void>((resolve) => void socket.end('A\n', resolve));
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
