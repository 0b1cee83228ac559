import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../src/base/clock.ts';
import { openStore } from '../src/queue/sqlite/open-store.ts';
import { startImaged } from './fixtures/imaged.ts';
import { keep, keyOf, shelfIn } from './layer-shop.ts';
import { migrations } from './store-shop.ts';

const [whole, broken, unfinished] = ['whole', 'broken', 'unfinished'].map(keyOf) as [string, string, string];

test('a start deletes layers that were never finished or are not whole, says so, and touches no other', async () => {
  await using imaged = await startImaged();
  await imaged.kill('SIGKILL');
  const root = join(imaged.dataDir, 'layers');
  {
    const [file, keyFile] = [join(imaged.dataDir, 'imaged.db'), join(imaged.dataDir, 'secrets.key')];
    await using store = await openStore({ file, keyFile, migrations, clock: systemClock });
    const { shelf } = shelfIn(root, store);
    for (const key of [whole, broken]) await keep(shelf, key);
  }
  await writeFile(join(root, broken, 'disk0.qcow2'), 'cut off');
  await mkdir(join(root, unfinished));
  await writeFile(join(root, unfinished, 'disk0.qcow2'), 'half of it');
  await mkdir(join(root, 'of an operator'));
  await imaged.start();
  assert.deepEqual((await readdir(root)).toSorted(), [whole, 'of an operator'].toSorted());
  assert.ok(imaged.lines().some((line) => line.includes('layers that an earlier run left') && line.includes(broken)));
  const reply = await imaged.call('/layers');
  assert.match(await reply.text(), new RegExp(`^\\{"items":\\[\\{"key":"${whole}"`));
  assert.ok(!existsSync(join(root, unfinished)));
});
