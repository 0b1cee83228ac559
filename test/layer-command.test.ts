import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { cleanupStack } from '../src/base/cleanup.ts';
import { systemClock } from '../src/base/clock.ts';
import { openStore } from '../src/queue/sqlite/open-store.ts';
import { keep, keyOf, shelfIn } from './layer-shop.ts';
import { migrations } from './store-shop.ts';

const main = fileURLToPath(new URL('../src/main.js', import.meta.url));

const [a, b, c] = ['a', 'b', 'c'].map(keyOf) as [string, string, string];

/** A data_dir with three layers, of which b lies over a, and the program over it; its store is open, as a daemon has it. */
const host = async () => {
  const cleanup = cleanupStack();
  const folder = await mkdtemp(join(tmpdir(), 'imaged-layers-'));
  cleanup.defer(() => rm(folder, { recursive: true }));
  const [file, data, root] = [join(folder, 'imaged.toml'), join(folder, 'data'), join(folder, 'data', 'layers')];
  await mkdir(data);
  await writeFile(file, `data_dir = "${data}"\n[cache]\nsize = "1M"\n`);
  const [database, keyFile] = [join(data, 'imaged.db'), join(data, 'secrets.key')];
  const place = {
    idFile: join(data, 'store-id'),
    buildsFolder: join(data, 'builds'),
    contextsFolder: join(data, 'contexts'),
  };
  const store = cleanup.keep(
    await openStore({
      ...{ file: database, migrations, keyFile, clock: systemClock },
      place: { ...place, builds: [], contexts: [] },
    }),
  );
  const { shelf } = shelfIn(root, store);
  await keep(shelf, a);
  await keep(shelf, b, { parent: a, step: 'provisioners/0' });
  await keep(shelf, c);
  const imaged = (...args: readonly string[]) =>
    new Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>((resolve) => {
      const child = execFile(process.execPath, [main, 'layers', ...args, '-f', file], (_, stdout, stderr) =>
        resolve({ code: child.exitCode ?? -1, stdout, stderr }),
      );
    });
  return { shelf, root, imaged, [Symbol.asyncDispose]: () => cleanup[Symbol.asyncDispose]() };
};

test('"imaged layers list" prints a line for each layer beside a daemon', async () => {
  await using it = await host();
  const { code, stdout, stderr } = await it.imaged('list');
  assert.deepEqual([code, stderr], [0, '']);
  assert.deepEqual(
    stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split('\t').slice(0, 4)),
    [
      [c, 'tiny', 'install', 'disk'],
      [b, 'tiny', 'provisioners/0', 'disk'],
      [a, 'tiny', 'install', 'disk'],
    ],
  );
});

test('"imaged layers verify" ends with 1 where a file is not what it was, and says how to be rid of it', async () => {
  await using it = await host();
  const good = await it.imaged('verify');
  assert.deepEqual([good.code, good.stdout], [0, '3 of 3 layers are whole\n']);
  await rm(join(it.root, b, 'disk0.qcow2'));
  const bad = await it.imaged('verify');
  assert.equal(bad.code, 1);
  assert.match(bad.stdout, new RegExp(`^${b}/disk0.qcow2: is gone\n2 of 3 layers are whole\n.*layers prune ${b}\n$`));
});

test('"imaged layers prune" deletes what is due, one with those over it, or all but what a build uses', async () => {
  await using it = await host();
  assert.match((await it.imaged('prune')).stdout, /^deleted 0 layers/);
  await using held = await it.shelf.take(c, 'user');
  assert.ok(held);
  assert.match((await it.imaged('prune', a)).stdout, /^deleted 2 layers/);
  assert.deepEqual(await readdir(it.root), [c]);
  assert.match((await it.imaged('prune', '--all')).stdout, /^deleted 0 layers/);
  const gone = await it.imaged('prune', a);
  assert.deepEqual([gone.code, /There is no layer/.test(gone.stderr)], [1, true]);
  assert.match((await it.imaged('prune', '--all', a)).stderr, /takes --all or a key, not both/);
});
