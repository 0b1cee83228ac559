/** Keeps layers over each other in the store and the folder of its arguments, and flattens the last, until it is killed. */
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../src/base/clock.ts';
import { makeBackground } from '../src/build/layers/background.ts';
import { openStore } from '../src/queue/sqlite/open-store.ts';
import { keptTimes } from './flatten-shop.ts';
import { shelfIn } from './layer-shop.ts';
import { migrations } from './store-shop.ts';

const [, , file = '', data = ''] = process.argv;
const store = await openStore({ file, migrations, clock: systemClock });
const { shelf } = shelfIn(join(data, 'layers'), store);
await shelf.settle();
const { layering } = await keptTimes(
  3,
  { workspace: join(data, 'work/imaged-0'), shelf, background: makeBackground() },
  async () => {
    writeSync(1, 'flattening\n');
  },
);
await layering.settled();
writeSync(1, 'kept\n');
// Whatever becomes of the test, it does not outlive it for long.
await systemClock.sleep(10_000, new AbortController().signal);
