import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, connect } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../src/base/clock.ts';
import { cleanupStack } from '../src/base/cleanup.ts';
import { Fault, type FaultCode } from '../src/base/fault.ts';
import { connectSsh } from '../src/guest/ssh/connect.ts';
import type { Guest } from '../src/guest/types.ts';
import { untilTrue } from './fixtures/until-true.ts';
import { guestHouse, on } from './ssh-server.ts';

const failsAs =
  (code: FaultCode, words = /(?:)/) =>
  (error: unknown) =>
    error instanceof Fault && error.code === code && words.test(error.message);

const quiet = { clock: systemClock, onNote: () => undefined };

/** A login to a server that allows one session at a time. */
const narrow = async () => {
  const left = cleanupStack();
  const house = left.keep(await guestHouse({ config: ['MaxSessions 1'] }));
  const guest = left.keep(await connectSsh(house.spec, quiet, on()));
  return { house, guest, [Symbol.asyncDispose]: () => left[Symbol.asyncDispose]() };
};

const own = async (guest: Guest, script: string, signal = on()) => {
  const lines: string[] = [];
  const onLines = (all: readonly string[], stream: string) =>
    void lines.push(...all.map((line) => `${stream} ${line}`));
  const { exitCode } = await guest.runOwn(script, { onLines }, signal);
  return { exitCode, lines };
};

test("imaged's own scripts share one session, which makes way for a command where a server allows one at a time", async () => {
  await using it = await narrow();
  const { guest } = it;
  const first = await own(guest, 'echo $$; echo said >&2; exit 7');
  assert.deepEqual([first.exitCode, first.lines.toSorted()[0]], [7, 'stderr said']);
  const pid = first.lines.find((line) => line.startsWith('stdout'));
  assert.deepEqual(await own(guest, 'echo $$'), { exitCode: 0, lines: [pid] });
  const lines: string[] = [];
  assert.equal((await guest.run('echo run; exit 255', { onLines: (all) => void lines.push(...all) }, on())).exitCode, 255); // prettier-ignore
  assert.deepEqual(lines, ['run']);
  const again = await own(guest, 'echo $$; exit 255');
  assert.equal(again.exitCode, 255);
  assert.notDeepEqual(again.lines, [pid]);
  await guest[Symbol.asyncDispose]();
  assert.deepEqual(await it.house.sshProcesses(), []);
});

test('what a login shell prints by itself is part of no output, and explains a command that was never begun', async () => {
  await using left = cleanupStack();
  const folder = await mkdtemp(join(tmpdir(), 'chatty-'));
  left.defer(() => rm(folder, { recursive: true }));
  const [closed, place, file] = [join(folder, 'closed'), join(folder, 'place'), join(folder, 'file')];
  await writeFile(place, 'its bytes');
  const chatty = `ForceCommand echo Welcome; printf half; [ ! -e ${closed} ] || exit $(cat ${closed}); exec sh -c "$SSH_ORIGINAL_COMMAND"`;
  const house = left.keep(await guestHouse({ config: [chatty] }));
  const guest = left.keep(await connectSsh(house.spec, quiet, on()));
  const lines: string[] = [];
  const onLines = (all: readonly string[], stream: string) => void lines.push(...all.map((line) => `${stream} ${line}`)); // prettier-ignore
  assert.equal((await guest.run('echo one; printf two >&2', { onLines }, on())).exitCode, 0);
  assert.deepEqual(lines.splice(0).sort(), ['stderr two', 'stdout one']);
  assert.deepEqual(await own(guest, 'echo three'), { exitCode: 0, lines: ['stdout three'] });
  await guest.download(place, { file, mostBytes: 1000 }, on());
  assert.equal(await readFile(file, 'utf8'), 'its bytes');
  for (const code of [7, 0]) {
    await writeFile(closed, String(code));
    const never = failsAs('provisioner_failed', new RegExp(`exit code ${code} and did not run what it was sent: half`));
    await assert.rejects(guest.run('echo never', { onLines }, on()), never);
    assert.deepEqual(lines.splice(0), ['stderr Welcome', 'stderr half']);
    await guest.reconnect(on());
    await assert.rejects(own(guest, 'echo never'), never);
    const upload = { name: 'it', input: 'bytes', mode: '0600', existing: 'replace' } as const;
    await assert.rejects(guest.upload(upload, join(folder, 'up'), on()), never);
    await assert.rejects(guest.download(place, { file, mostBytes: 1000 }, on()), never);
    assert.equal(existsSync(file), false);
  }
});

test('a shell that prints while it runs nothing is let go, and the next script has another', async () => {
  await using left = cleanupStack();
  const house = left.keep(await guestHouse());
  const guest = left.keep(await connectSsh(house.spec, quiet, on()));
  const sessions = async () => (await house.sshProcesses()).filter((command) => command.includes(' exec sh'));
  await own(guest, 'while :; do echo "$$ and on and on"; done &');
  await untilTrue(async () => (await sessions()).length === 0);
  assert.deepEqual((await own(guest, 'echo on')).lines, ['stdout on']);
});

test('a session that ends without its connection is told as that', async () => {
  await using it = await narrow();
  const stands = failsAs('ssh_broken', /session ended without an exit code, and the connection to \S+ stands/);
  await assert.rejects(it.guest.run('kill -9 $PPID $$', { onLines: () => undefined }, on()), stands);
  assert.deepEqual((await own(it.guest, 'echo on')).lines, ['stdout on']);
});

test('a script of imaged that is given up or whose connection breaks takes its session along, and the next has another', async () => {
  await using it = await narrow();
  const { guest, house } = it;
  const stop = new AbortController();
  const onLines = () => stop.abort(new Error('enough'));
  await assert.rejects(guest.runOwn('echo here; exec sleep 1', { onLines }, stop.signal), /enough/);
  await guest.reconnect(on());
  assert.deepEqual((await own(guest, 'echo on')).lines, ['stdout on']);
  const cut = guest.runOwn('echo here; sleep 30', { onLines: () => house.cut() }, on());
  await assert.rejects(cut, failsAs('ssh_broken'));
  await guest.reconnect(on());
  assert.deepEqual((await own(guest, 'echo on')).lines, ['stdout on']);
});

test('a guest that is up is asked for a login at once: no connection only sees whether it speaks', async () => {
  await using left = cleanupStack();
  const house = left.keep(await guestHouse());
  let connections = 0;
  const door = createServer((near) => {
    connections++;
    const far = connect(house.spec.port, '127.0.0.1');
    for (const socket of [near, far]) socket.on('error', () => undefined);
    near.pipe(far).pipe(near);
  }).listen(0, '127.0.0.1');
  left.defer(() => void door.close());
  await once(door, 'listening');
  const address = door.address();
  const spec = { ...house.spec, port: typeof address === 'object' && address !== null ? address.port : 0 };
  for (const [change, count] of [
    [{}, 2],
    [{ isUp: true }, 1],
  ] as const) {
    connections = 0;
    const guest = await connectSsh({ ...spec, ...change }, quiet, on());
    await guest[Symbol.asyncDispose]();
    assert.equal(connections, count);
  }
});
