import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import Sqlite from 'better-sqlite3';
import { systemClock } from '../src/base/clock.ts';
import { storeShop } from './store-shop.ts';
import type { Shop } from './store-shop.ts';
import { isLong } from './fixtures/hypervisor.ts';

const child = fileURLToPath(new URL('store-child.js', import.meta.url));

/** Lets the child write for a while, kills it, and gives what it had said by then: each promise by its kind. */
const killedAfter = async (file: string, ms: number) => {
  const writer = spawn(process.execPath, [child, file], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(writer, 'exit');
  const said: Record<'add' | 'end', string[]> = { add: [], end: [] };
  const lines = createInterface({ input: writer.stdout });
  const closed = once(lines, 'close');
  const opened = new Promise<void>((resolve) => {
    lines.on('line', (line) => {
      const [word, id] = line.split(' ');
      if (word === 'open') resolve();
      if ((word === 'add' || word === 'end') && id) said[word].push(id);
    });
  });
  await Promise.race([opened, exited]);
  await systemClock.sleep(ms, new AbortController().signal);
  writer.kill('SIGKILL');
  const [, signal] = (await exited) as [number | null, string | null];
  assert.equal(signal, 'SIGKILL', 'the child wrote until it was killed');
  await closed;
  return said;
};

const integrity = ({ file }: Shop): unknown => {
  using raw = { db: new Sqlite(file), [Symbol.dispose]: () => void raw.db.close() };
  return raw.db.pragma('integrity_check', { simple: true });
};

test('a daemon killed in the middle of its writes leaves a whole store, with all that it had promised', async (t) => {
  await using shop = await storeShop();
  const kills = isLong ? 20 : 7;
  const promised = { add: 0, end: 0 };
  await shop.store[Symbol.asyncDispose]();
  for (let kill = 0; kill < kills; kill++) {
    const said = await killedAfter(shop.file, Math.random() * 150);
    const store = await shop.reopen();
    assert.equal(integrity(shop), 'ok');
    for (const id of said.add) assert.ok(await store.find(id), `build ${id} was promised`);
    for (const id of said.end) {
      const build = await store.find(id);
      assert.equal(build?.status, 'succeeded');
      assert.equal((await store.artifacts(id)).length, 1);
      assert.deepEqual((await store.input(id))?.variables, {});
    }
    const running = await store.list({ statuses: ['running'] }, { limit: 10 });
    for (const { id, version } of running.items) {
      const events = await store.events(id, 0, 100);
      assert.equal(events.at(-1)?.seq, version);
    }
    promised.add += said.add.length;
    promised.end += said.end.length;
    await store[Symbol.asyncDispose]();
  }
  t.diagnostic(`${kills} kills; ${promised.add} builds added and ${promised.end} ended before them, none lost`);
});
