import assert from 'node:assert/strict';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../src/base/clock.ts';
import { cleanupStack } from '../src/base/cleanup.ts';
import { makeGrowth } from '../src/base/growth.ts';
import { runProgram } from '../src/base/program.ts';
import { openConsole } from '../src/vmm/console/console.ts';
import { consoleOver, failsAs, signal, turn, unbounded } from './fixtures/console-desk.ts';
import { flood } from './fixtures/console-flood.ts';
import { guestLine } from './fixtures/console-line.ts';

for (const who of ['nobody', 'a turn'] as const)
  test(`64 MiB as fast as they are taken lose no byte and grow the heap by at most 40 MiB, with ${who} listening`, async () => {
    const { isWhole, bytes, mbPerS, heapMb, bufferMb, residentMb } = await flood(64 * 1024 * 1024, who);
    console.log(
      `${who}: ${mbPerS.toFixed(0)} MiB/s, heap +${heapMb.toFixed(1)} MiB, buffers +${bufferMb.toFixed(1)} MiB, resident +${residentMb.toFixed(1)} MiB`,
    );
    assert.ok(isWhole && bytes >= 64 * 1024 * 1024);
    // The young generation of V8 alone is 32 MiB when garbage comes as fast as this.
    assert.ok(heapMb <= 40, `the heap grew by ${heapMb} MiB`);
  });

test('what is listened for is found in the middle of a flood', async () => {
  const guest = guestLine();
  await using desk = await consoleOver(guest.line);
  const noise = 'x'.repeat(61_111);
  const listening = desk.console.converse(
    [turn({ hear: 'needle\r\n(.*)hay', withinMs: 30_000 }), turn({ hear: 'second needle', withinMs: 30_000 })],
    signal,
  );
  for (let i = 0; i < 50; i++)
    await guest.print(
      i === 20
        ? `${noise}\r\nneedle\r\nhay${noise}`
        : i === 40
          ? `${noise}second need`
          : i === 41
            ? `le${noise}`
            : noise,
    );
  await listening;
});

// As many bytes as the window takes in one piece, so that the one before would be dropped.
const piece = (text: string, at: 'start' | 'end') =>
  at === 'end' ? text.padStart(64 * 1024, 'x') : text.padEnd(64 * 1024, 'x');

for (const [claim, pieces, hear, isHeard] of [
  [
    'what is listened for is heard where the window is filled in the middle of it',
    ['second need', 'le'],
    'second needle',
    true,
  ],
  ['a line does not begin where the window was filled', ['never ', 'login: '], '^login: ', false],
  ['a line begins where the window was filled, if one does', ['never\n', 'login: '], '^login: ', true],
] as const)
  test(claim, async () => {
    const guest = guestLine();
    await using desk = await consoleOver(guest.line);
    const listening = desk.console.converse([turn({ hear, withinMs: 5000 })], signal);
    const ended = isHeard ? listening : assert.rejects(listening, failsAs('console_closed'));
    await guest.print(piece(pieces[0], 'end'));
    await guest.print(piece(pieces[1], 'start'));
    guest.close();
    await ended;
  });

test('of two turns that only listen, the second hears what comes at once behind the first, however much it is', async () => {
  const guest = guestLine();
  const slowDisk = { keep: () => systemClock.sleep(20, signal) };
  await using desk = await consoleOver(guest.line, undefined, undefined, undefined, slowDisk);
  const listening = desk.console.converse(
    [turn({ hear: 'first' }), ...Array.from({ length: 8 }, (_, at) => turn({ hear: `needle ${at},` }))],
    signal,
  );
  const noise = 'x'.repeat(64 * 1024);
  await guest.print('first');
  for (let at = 0; at < 8; at++) {
    await guest.print(`needle ${at},`);
    await guest.print(noise);
    await guest.print(noise);
  }
  await listening;
});

test('bytes are on file and told of as they come', async () => {
  const guest = guestLine();
  await using desk = await consoleOver(guest.line);
  await guest.print('login: ');
  await desk.console.converse([turn({ hear: 'login: $' })], signal);
  await systemClock.sleep(50, signal);
  assert.equal(String(await desk.heard()), 'login: ');
});

const onSmallDisk = async (isListening: boolean) => {
  await using cleanup = cleanupStack();
  const folder = await mkdtemp(join(tmpdir(), 'full-'));
  cleanup.defer(() => rm(folder, { recursive: true }));
  const isRoot = process.getuid?.() === 0;
  if (isRoot) {
    await runProgram('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', folder], { signal });
    cleanup.defer(async () => void (await runProgram('umount', [folder], { signal })));
  }
  const transcript = isRoot ? join(folder, 'console') : '/dev/full';
  const guest = guestLine();
  const console = cleanup.keep(
    await openConsole({
      line: guest.line,
      transcript,
      bound: unbounded,
      growth: makeGrowth(),
      clock: systemClock,
      onEvent: () => undefined,
    }),
  );
  const listening = isListening ? console.converse([turn({ hear: 'never' })], signal) : console.drained;
  const ended = assert.rejects(listening, failsAs('storage_full'));
  for (let i = 0; i < 10; i++) void guest.print('x'.repeat(60_000));
  await ended;
  await assert.rejects(console.drained, failsAs('storage_full'));
  if (isRoot) assert.ok((await stat(transcript)).size <= 256 * 1024);
};

test('a full disk ends a conversation as storage_full', () => onSmallDisk(true));
test('a full disk ends the waiting for the end as storage_full', () => onSmallDisk(false));

test('a console that is let go before its line ends says so to whoever waits', async () => {
  const guest = guestLine();
  const desk = await consoleOver(guest.line);
  const waiting = assert.rejects(desk.console.converse([turn({ hear: 'never' })], signal), failsAs('console_closed'));
  await desk[Symbol.asyncDispose]();
  await waiting;
  await assert.rejects(desk.console.drained, failsAs('console_closed'));
});
