import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { putFile } from '../src/send/put-file.ts';
import { nginx } from './nginx.ts';
import { weakLine } from './fixtures/weak-line.ts';
import { faultOf, fileOfBytes, sendTools, sha256At } from './send-shop.ts';

const mb = 2 ** 20;

/** A real nginx that takes files by PUT into a folder, from whoever has the token. */
const dav = async (token: string) => {
  const folder = await mkdtemp(join(tmpdir(), 'dav-'));
  const server = await nginx(
    `client_max_body_size 8m; if ($http_authorization != "Bearer ${token}") { return 401; }
     location /in/ { alias ${folder}/; dav_methods PUT; create_full_put_path on; dav_access user:rw; }`,
  ).catch(async (error: unknown) => {
    await rm(folder, { recursive: true });
    throw error;
  });
  return {
    folder,
    port: Number(new URL(server.url).port),
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
};

const urlAt = (port: number, path: string) => new URL(`http://127.0.0.1:${port}/in/${path}`);

test('a file comes whole to nginx with dav, over a connection that breaks in the middle', async () => {
  await using server = await dav('right');
  await using shop = await fileOfBytes(7 * mb);
  await using line = await weakLine(server.port, [4 * mb, 1000]);
  const { tools, lines, told } = sendTools([line.port]);
  await putFile(urlAt(line.port, 'nightly/disk.raw'), shop.file, { token: 'right' }, tools);
  const headers = { authorization: 'Bearer right' };
  assert.equal(await sha256At(urlAt(server.port, 'nightly/disk.raw').href, { headers }), shop.file.sha256);
  assert.equal(line.broken(), 2);
  assert.equal(lines.length, 2, lines.join('\n'));
  assert.equal(told.at(-1), shop.file.size);
  assert.deepEqual(await readdir(server.folder), ['nightly']);
});

test('an empty file is sent too', async () => {
  await using server = await dav('right');
  await using shop = await fileOfBytes(0);
  const { tools } = sendTools([server.port]);
  await putFile(urlAt(server.port, 'empty'), shop.file, { token: 'right' }, tools);
  const headers = { authorization: 'Bearer right' };
  assert.equal(await sha256At(urlAt(server.port, 'empty').href, { headers }), shop.file.sha256);
});

test('a wrong token, a method that is not taken and a file that is too large are refusals, after one attempt', async () => {
  await using server = await dav('right');
  await using small = await fileOfBytes(mb);
  await using large = await fileOfBytes(9 * mb);
  const { tools, lines } = sendTools([server.port]);
  const cases = [
    [small, 'in/x', 'wrong', /answered 401/],
    [small, 'elsewhere', 'right', /answered 405/],
    [large, 'in/x', 'right', /answered 413/],
  ] as const;
  for (const [{ file }, path, token, said] of cases) {
    const url = new URL(`http://127.0.0.1:${server.port}/${path}`);
    const fault = await faultOf(putFile(url, file, { token }, tools));
    assert.equal(fault.code, 'destination_refused', fault.message);
    assert.match(fault.message, said);
    assert.doesNotMatch(fault.message, /wrong|right/);
  }
  assert.deepEqual(lines, []);
});
