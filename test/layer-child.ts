/** Makes, takes and removes layers in the store and the folder of its arguments until it is killed. */
import { randomBytes } from 'node:crypto';
import { writeSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../src/base/clock.ts';
import { openStore } from '../src/queue/sqlite/open-store.ts';
import { aLayer, layerBytes, roomyDesk, shelfIn } from './layer-shop.ts';
import { migrations } from './store-shop.ts';

const [, , file = '', root = ''] = process.argv;
const store = await openStore({ file, migrations, clock: systemClock });
// Room for some twenty, so that layers are evicted all the time.
const { shelf } = shelfIn(root, store, () => ({ ...roomyDesk, bytes: 40 * layerBytes }));
await shelf.settle();
writeSync(1, 'open\n');

// Whatever becomes of the test, nothing outlives it for long.
const isDue = () => systemClock.elapsed() < 20_000;
const never = new AbortController().signal;

const build = async (name: string): Promise<void> => {
  let parent: string | undefined;
  for (let depth = 1; isDue(); depth++) {
    const key = randomBytes(32).toString('hex');
    await using making = await shelf.begin(key, 2 * layerBytes);
    if (making === undefined) return;
    await Promise.all(
      ['disk0.qcow2', 'memory.zst'].map((file) => writeFile(join(making.folder, file), randomBytes(layerBytes))),
    );
    const over = parent === undefined ? {} : { parent };
    // Now and then a build fails in the middle.
    if (Math.random() < 0.2) return;
    await using held = await making.commit(aLayer({ buildId: name, ...over }), never);
    writeSync(1, `kept ${held.layer.key}\n`);
    if (depth > 3) return;
    parent = key;
    await (await shelf.take(key, name))?.[Symbol.asyncDispose]();
  }
};

const builds = async (name: string): Promise<void> => {
  while (isDue())
    await build(name).catch((error: unknown) => {
      // What lay beneath was evicted between two of its layers.
      if (!String(error).includes('is not kept any more')) throw error;
    });
};

const cleaner = async (): Promise<void> => {
  while (isDue()) {
    await systemClock.sleep(20, never);
    const [oldest] = (await shelf.list({}, { limit: 50 })).items.slice(-1);
    if (oldest) await shelf.remove(oldest.key, 'over').catch(() => undefined);
  }
};

await Promise.all([builds('one'), builds('two'), builds('three'), cleaner()]);
