import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { makeContexts } from '../src/build/contexts.ts';
import { foldersBelow } from '../src/build/folders/folders.ts';
import { Fault } from '../src/base/fault.ts';
import { systemIds } from '../src/base/ids.ts';
import { atBestMs } from './fixtures/at-best.ts';

const tarOf = async (document: string): Promise<Buffer> => {
  const tar = pack();
  tar.entry({ name: 'template.json' }, document);
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};

const host = async () => {
  const home = await mkdtemp(join(tmpdir(), 'bomb-'));
  const folders = foldersBelow(home, join(home, 'run'));
  await folders.prepare();
  const limits = { files: 100, bytes: 256 * 2 ** 20, templateBytes: 4 * 2 ** 20 };
  const contexts = makeContexts(folders, systemIds, limits);
  return {
    receive: async (document: string) => {
      const packed = gzipSync(await tarOf(document));
      return {
        bytes: packed.length,
        send: () =>
          contexts.receive(Readable.from([packed]), { encoding: 'gzip', lasts: true }, new AbortController().signal),
      };
    },
    left: async () => (await readdir(home, { recursive: true })).filter((name) => name.includes('template.json')),
    [Symbol.asyncDispose]: () => rm(home, { recursive: true, force: true }),
  };
};

const refusedAs = (code: string, message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof Fault, String(error));
  assert.equal(error.code, code, error.message);
  assert.match(error.message, message);
  return true;
};

test('a small archive whose template.json unpacks to 80 MB is refused at once, in flat memory', async () => {
  await using shop = await host();
  const bomb = await shop.receive(`[${'[],'.repeat(27_000_000)}[]]`);
  assert.ok(bomb.bytes < 300_000, `the bomb has ${bomb.bytes} bytes`);
  const ms = await atBestMs(500, async () => {
    const before = process.memoryUsage();
    const begun = performance.now();
    await assert.rejects(bomb.send(), refusedAs('too_large', /template\.json has 81000\d+ bytes/));
    const took = performance.now() - begun;
    assert.ok(process.memoryUsage().heapUsed - before.heapUsed < 20 * 2 ** 20);
    return took;
  });
  assert.ok(ms <= 500, `it took ${ms} ms`);
  assert.deepEqual(await shop.left(), []);
});

test('template.json of a context passes the bounds that a JSON body passes', async () => {
  await using shop = await host();
  const refused = async (document: string, message: RegExp) => {
    const { send } = await shop.receive(document);
    await assert.rejects(send(), refusedAs('context_invalid', message));
    assert.deepEqual(await shop.left(), []);
  };
  await refused(`[${'[],'.repeat(1_000_000)}[]]`, /more than 2000 entries/);
  await refused('['.repeat(4_000_000), /nests deeper than 64/);
  await refused('{"name": "a", "name": "b"}', /\/name appears twice/);
  await refused('{"__proto__": 1}', /__proto__/);
  await refused('{"timeout": 1e999}', /larger than any number/);
  await refused('{"name": "a",}', /line 1, column 14/);
  await refused('', /is empty/);
  const { send } = await shop.receive('\ufeff{"name": "a"}');
  assert.deepEqual((await send()).template, { name: 'a' });
});
