/** Writes to the store in its first argument until it is killed, and says on stdout what the store has promised to keep. */
import { writeSync } from 'node:fs';
import { systemClock } from '../src/base/clock.ts';
import { openStore } from '../src/queue/sqlite/open-store.ts';
import { aBuild, anArtifact, claimed, migrations } from './store-shop.ts';

const store = await openStore({ file: process.argv[2] ?? '', migrations, clock: systemClock });
// Written at once: what is only buffered when the kill comes was not said.
const say = (word: string, id: string) => writeSync(1, `${word} ${id}\n`);

await store.recover();
say('open', 'store');

// Whatever becomes of the test, nothing outlives it for long.
const isDue = () => systemClock.elapsed() < 20_000;

const client = async (): Promise<void> => {
  while (isDue()) {
    const { build } = await store.add(aBuild({ variables: { secret: 'x'.repeat(2000) }, sensitive: ['secret'] }));
    say('add', build.id);
  }
};

const worker = async (): Promise<void> => {
  while (isDue()) {
    const { build, token } = await claimed(store);
    const seq = await store.beginStep(build.id, token, { name: 'boot', phase: 'booting' });
    await store.event(build.id, 'boot.progress', { line: '/' }, token);
    await store.endStep(build.id, token, seq);
    await store.finish(build.id, token, { status: 'succeeded', artifacts: [anArtifact('a')] });
    say('end', build.id);
  }
};

const { build } = await store.add(aBuild());
say('add', build.id);
await Promise.all([client(), client(), client(), worker()]);
