/** Makes builds in the store of its first argument that fail at once, and tells webhooks of them, until it is killed. */
import { writeSync } from 'node:fs';
import { systemClock } from '../src/base/clock.ts';
import { startDeliverer } from '../src/notify/deliverer.ts';
import { destination } from '../src/outward/destination.ts';
import { hostOf } from '../src/outward/hosts.ts';
import { openStore } from '../src/queue/sqlite/open-store.ts';
import { aBuild, aFault, claimed, migrations } from './store-shop.ts';
import { aWebhook, tell } from './webhook-shop.ts';

const [, , file = '', url = ''] = process.argv;
const store = await openStore({ file, migrations, clock: systemClock, tell });
await store.recover();
startDeliverer({
  ...{ store, clock: systemClock, random: () => 0, secretOf: () => undefined },
  peer: destination(() => [hostOf(new URL(url).host)]),
  log: { warn: () => undefined },
});

// Whatever becomes of the test, nothing outlives it for long.
while (systemClock.elapsed() < 20_000) {
  await store.add(aBuild({ notify: [aWebhook(url)] }));
  const { build, token } = await claimed(store);
  await store.finish(build.id, token, { status: 'failed', fault: aFault('guest_panicked') });
  writeSync(1, `${build.id}\n`);
}
