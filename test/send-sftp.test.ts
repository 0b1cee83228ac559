import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { mayPass } from '../src/outward/peer.ts';
import { putBySftp } from '../src/send/sftp/put-by-sftp.ts';
import { weakLine } from './fixtures/weak-line.ts';
import { faultOf, fileOfBytes, sendTools } from './send-shop.ts';
import { guestHouse } from './ssh-server.ts';

const mb = 2 ** 20;

/** A real sshd with sftp, a folder of it, and who may log in. */
const sftpHouse = async () => {
  const house = await guestHouse({ config: ['Subsystem sftp internal-sftp'] });
  const into = await mkdtemp(join(tmpdir(), 'sftp-in-'));
  const own = await mkdtemp(join(tmpdir(), 'sftp-own-'));
  const hostKey = (await readFile(join(house.folder, 'host.pub'), 'utf8')).split(' ').slice(0, 2).join(' ');
  const privateKey = await readFile(house.key.privateFile, 'utf8');
  return {
    into,
    own,
    port: house.spec.port,
    login: { username: house.spec.username, privateKey, hostKey: hostKey.trim() },
    makeHostKey: house.makeHostKey,
    [Symbol.asyncDispose]: async () => {
      await house[Symbol.asyncDispose]();
      for (const folder of [into, own]) await rm(folder, { recursive: true });
    },
  };
};

const urlAt = (port: number) => new URL(`sftp://127.0.0.1:${port}/`);

const hashOf = async (path: string) =>
  createHash('sha256')
    .update(await readFile(path))
    .digest('hex');

test('a file comes whole to a real sshd, over connections that break in the middle, and what has come is not sent again', async () => {
  await using house = await sftpHouse();
  await using shop = await fileOfBytes(16 * mb);
  await using line = await weakLine(house.port, [10 * mb, 1000]);
  const { tools, lines, told } = sendTools([line.port]);
  const { login, own: folder } = house;
  const path = join(house.into, 'disk.raw');
  await writeFile(path, 'an older one');
  await putBySftp(urlAt(line.port), path, shop.file, { folder, login, tools });
  assert.equal(await hashOf(path), shop.file.sha256);
  assert.deepEqual(await readdir(house.into), ['disk.raw']);
  assert.equal(line.broken(), 2);
  assert.equal(lines.length, 2, lines.join('\n'));
  assert.equal(told.at(-1), shop.file.size);
  assert.ok(line.sent() < 20 * mb, `${line.sent()} bytes were sent`);
});

test('another host key, another key and a folder that is not there are refusals, after one attempt', async () => {
  await using house = await sftpHouse();
  await using shop = await fileOfBytes(mb);
  const other = await house.makeHostKey('other');
  const hostKey = (await readFile(`${other}.pub`, 'utf8')).split(' ').slice(0, 2).join(' ').trim();
  const privateKey = await readFile(other, 'utf8');
  const path = join(house.into, 'x');
  const cases = [
    [{ ...house.login, hostKey }, path, /Host key verification failed/],
    [{ ...house.login, privateKey }, path, /Permission denied/],
    [{ ...house.login, privateKey: 'no key' }, path, /Permission denied|invalid format|libcrypto/],
    [house.login, join(house.into, 'nowhere/x'), /No such file or directory/],
  ] as const;
  for (const [login, to, said] of cases) {
    const folder = await mkdtemp(join(house.own, 'try-'));
    const { tools, lines } = sendTools([house.port]);
    const fault = await faultOf(putBySftp(urlAt(house.port), to, shop.file, { folder, login, tools }));
    assert.equal(fault.code, 'destination_refused', fault.message);
    assert.match(fault.message, said);
    assert.deepEqual(lines, []);
  }
  assert.deepEqual(await readdir(house.into), []);
});

test('a server that is not named is not connected to, and one that says nothing or no ssh may pass', async () => {
  let connected = 0;
  const server = createServer((socket) => {
    connected += 1;
    socket.on('error', () => undefined);
    if (connected > 1) socket.end('HTTP/1.0 400 Bad Request\r\n\r\n');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A server that listens on a port has an address with one.
  const { port } = server.address() as AddressInfo;
  await using house = await sftpHouse();
  await using shop = await fileOfBytes(mb);
  const put = async (ports: readonly number[]) => {
    const folder = await mkdtemp(join(house.own, 'try-'));
    const { tools } = sendTools(ports, { silentMs: 1000, policy: { attempts: 2, firstMs: 5, growth: 1, mostMs: 5 } });
    return faultOf(putBySftp(urlAt(port), join(house.into, 'x'), shop.file, { folder, login: house.login, tools }));
  };
  assert.match((await put([])).message, /"hosts" of \[destinations\]/);
  assert.equal(connected, 0);
  const silent = await put([port]);
  assert.equal(silent.code, 'destination_unavailable', silent.message);
  assert.ok(mayPass(silent));
  assert.equal(connected, 2);
  server.close();
});
