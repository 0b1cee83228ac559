import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../src/base/clock.ts';
import { cleanupStack } from '../src/base/cleanup.ts';
import { ptyLine } from '../src/vmm/vmd/pty-line.ts';
import { serialLineOver } from '../src/vmm/serial-line.ts';
import { connectUnix } from '../src/vmm/unix-socket.ts';
import { failsAs, signal } from './fixtures/console-desk.ts';

const clock = systemClock;

/** A Unix socket, and what connects to it first. */
const listening = async () => {
  const cleanup = cleanupStack();
  const folder = await mkdtemp(join(tmpdir(), 'line-'));
  cleanup.defer(() => rm(folder, { recursive: true }));
  const path = join(folder, 'serial');
  const server = createServer({ pauseOnConnect: true });
  cleanup.defer(async () => void server.close());
  const connected = new Promise<Socket>((resolve) => server.once('connection', resolve));
  server.listen(path);
  await once(server, 'listening');
  return {
    path,
    peer: async () => {
      const socket = await connected;
      cleanup.defer(async () => void socket.destroy());
      return socket;
    },
    [Symbol.asyncDispose]: () => cleanup[Symbol.asyncDispose](),
  };
};

const allOf = async (bytes: AsyncIterable<Uint8Array>) => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks);
};

test('what the other side sent before it closed is read to its end, however late', async () => {
  await using server = await listening();
  using line = serialLineOver(await connectUnix(server.path, signal));
  const peer = await server.peer();
  const sent = Buffer.alloc(3_000_000, 'All work and no play\r\n');
  peer.end(sent);
  await clock.sleep(50, signal);
  assert.equal(
    createHash('sha256')
      .update(await allOf(line.bytes))
      .digest('hex'),
    createHash('sha256').update(sent).digest('hex'),
  );
});

test('a socket that nobody reads holds its sender back', async () => {
  await using server = await listening();
  using line = serialLineOver(await connectUnix(server.path, signal));
  const peer = await server.peer();
  const piece = Buffer.alloc(64 * 1024, 'x');
  let sent = 0;
  while (peer.write(piece)) sent += piece.byteLength;
  for (let i = 0; i < 50; i++) peer.write(piece);
  await clock.sleep(50, signal);
  assert.ok(peer.writableLength > 1_000_000, `only ${peer.writableLength} bytes were held back`);
  peer.end();
  assert.equal((await allOf(line.bytes)).byteLength, sent + 51 * piece.byteLength);
});

test('a write to a socket waits until it was taken', async () => {
  await using server = await listening();
  using line = serialLineOver(await connectUnix(server.path, signal));
  const peer = await server.peer();
  let taken = false;
  const writing = line.write(Buffer.alloc(4_000_000)).then(() => (taken = true));
  await clock.sleep(50, signal);
  assert.equal(taken, false);
  peer.resume();
  await writing;
});

test('a write to a line that has closed is a fault', async () => {
  await using server = await listening();
  using line = serialLineOver(await connectUnix(server.path, signal));
  (await server.peer()).end();
  await allOf(line.bytes);
  await assert.rejects(line.write(Buffer.from('x')), failsAs('console_closed'));
});

test('a program that dies ends the line, not the reader', async () => {
  await using server = await listening();
  using line = serialLineOver(await connectUnix(server.path, signal));
  const peer = await server.peer();
  await line.write(Buffer.from('unread'));
  peer.destroy();
  assert.equal((await allOf(line.bytes)).byteLength, 0);
});

test('nobody at the socket is an error that names it', async () => {
  await assert.rejects(connectUnix('/nonexistent/serial', signal), /ENOENT.*serial/);
});

test('a program in a terminal is heard to its end, and its exit is seen', async () => {
  await using line = ptyLine('sh', ['-c', 'test -t 0 && echo a terminal; exit 7'], { clock });
  assert.equal(String(await allOf(line.bytes)), 'a terminal\r\n');
  assert.deepEqual(await line.exited, { exitCode: 7, signal: undefined });
  await assert.rejects(line.write(Buffer.from('x')), failsAs('console_closed'));
});

test('a terminal echoes what is typed', async () => {
  await using line = ptyLine('cat', [], { clock });
  await line.write(Buffer.from('hello\r\x04'));
  assert.equal(String(await allOf(line.bytes)), 'hello\r\nhello\r\n');
});

test('a terminal that nobody reads holds its program back, and loses nothing', async () => {
  const script = 'stty -echo; head -c 4000000 /dev/zero | tr "\\0" x; echo; echo all printed; read answer';
  await using line = ptyLine('sh', ['-c', script], { clock });
  await clock.sleep(300, signal);
  let taken = 0;
  let end = '';
  let most = 0;
  for await (const bytes of line.bytes) {
    taken += bytes.byteLength;
    most = Math.max(most, bytes.byteLength);
    end = `${end}${String(Buffer.from(bytes))}`.slice(-20);
    if (end.includes('all printed')) await line.write(Buffer.from('\r'));
  }
  assert.ok(most < 1_200_000, `${most} bytes were read ahead`);
  assert.equal(taken, 4_000_000 + '\r\nall printed\r\n'.length);
});

test('a program that ignores the hang-up is killed', async () => {
  const line = ptyLine('sh', ['-c', 'trap "" HUP; echo ready; while :; do sleep 1; done'], { clock });
  for await (const bytes of line.bytes) if (String(Buffer.from(bytes)).includes('ready')) break;
  await line[Symbol.asyncDispose]();
  assert.deepEqual(await line.exited, { exitCode: undefined, signal: 'SIGKILL' });
});

test('a program that does not exist is seen to end', async () => {
  await using line = ptyLine('/nonexistent/cu', [], { clock });
  const { exitCode } = await line.exited;
  assert.notEqual(exitCode, 0);
});
