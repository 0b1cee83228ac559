import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Bound } from '../src/base/bounded-file.ts';
import { countGuestEvents } from '../src/build/machine/guest-events.ts';
import { openLog } from '../src/build/attempt/log.ts';
import { changedData, eventLine } from '../src/build/attempt/record.ts';
import { systemClock } from '../src/base/clock.ts';
import { cleanupStack } from '../src/base/cleanup.ts';
import { asFault, Fault } from '../src/base/fault.ts';
import { makeGrowth } from '../src/base/growth.ts';
import { connectSsh } from '../src/guest/ssh/connect.ts';
import { serveEndpoint } from '../src/httpd/endpoint/serve-endpoint.ts';
import { maskOf } from '../src/base/mask/mask.ts';
import { visibleInJson } from '../src/base/text/visible.ts';
import { untilTrue } from './fixtures/until-true.ts';
import { guestHouse, on } from './ssh-server.ts';
import { aBuild, hostWith, roomy, storeShop } from './store-shop.ts';
import { firstUnlessLong } from './fixtures/long.ts';

const mebi = 2 ** 20;

/**
 * What this process takes more of while it works, and how late its timers are: from `mark` on, so that it has warmed up.
 * Whoever works beside this test delays timers, too: the best second of all counts.
 */
const watchProcess = () => {
  const delay = monitorEventLoopDelay({ resolution: 5 });
  setFlagsFromString('--expose-gc');
  // What lives, in the heap and in buffers: how much garbage a busy host lets lie beside it says nothing.
  const aliveMb = () => {
    runInNewContext('gc()');
    const { heapUsed, external } = process.memoryUsage();
    return (heapUsed + external) / mebi;
  };
  let before = { aliveMb: aliveMb(), rss: 0 };
  let rss = 0;
  let p99Ms = Infinity;
  const looking = systemClock.every(50, () => {
    rss = Math.max(rss, process.memoryUsage.rss());
  });
  const second = () => {
    p99Ms = Math.min(p99Ms, delay.percentile(99) / 1e6 - 5);
    delay.reset();
  };
  let seconds: Disposable | undefined;
  return {
    mark: () => {
      before = { aliveMb: aliveMb(), rss: process.memoryUsage.rss() };
      rss = before.rss;
      delay.enable();
      seconds = systemClock.every(1000, second);
    },
    seen: () => {
      seconds?.[Symbol.dispose]();
      delay.disable();
      return { rssMb: (rss - before.rss) / mebi, aliveMb: aliveMb() - before.aliveMb, p99Ms };
    },
    [Symbol.dispose]: () => looking[Symbol.dispose](),
  };
};

const logIn = async (folder: string, bound: Bound, failed: (error: unknown) => void) =>
  openLog(join(folder, 'log'), {
    clock: systemClock,
    growth: makeGrowth(),
    bound,
    mask: maskOf(['a sensitive value', 'another one']),
    failed,
  });

const floodFor = async (ms: number, command: string) => {
  await using cleanup = cleanupStack();
  const house = cleanup.keep(await guestHouse());
  const log = cleanup.keep(await logIn(house.folder, { bytes: 2 * mebi, floodBytes: Infinity }, (error) => assert.fail(String(error)))); // prettier-ignore
  const guest = cleanup.keep(await connectSsh(house.spec, { clock: systemClock, onNote: () => undefined }, on()));
  const over = new AbortController();
  using watch = watchProcess();
  let bytes = 0;
  const onLines = (lines: readonly string[], stream: 'stdout' | 'stderr') => {
    for (const line of lines) bytes += line.length + 1;
    return log.said(lines, stream === 'stdout' ? '  ' : '! ');
  };
  const running = guest.run(command, { onLines }, over.signal);
  const ended = assert.rejects(running, /enough/);
  await systemClock.sleep(2000, on());
  watch.mark();
  await systemClock.sleep(ms, on());
  const seen = watch.seen();
  over.abort(new Error('enough'));
  await ended;
  log.write('the end');
  await log[Symbol.asyncDispose]();
  const path = join(house.folder, 'log');
  return { ...seen, mb: bytes / mebi, logBytes: (await stat(path)).size, log: await readFile(path, 'utf8') };
};

for (const [what, command] of firstUnlessLong([
  ['short lines without end', 'exec yes'],
  ['one line without end', 'exec tr "\\0" x </dev/zero'],
  ['to both streams without end', 'yes out & yes err >&2'],
] as const))
  test(`a guest that prints ${what} over ssh grows neither the daemon nor its log`, async () => {
    const { rssMb, aliveMb, p99Ms, mb, logBytes, log } = await floodFor(
      what === 'short lines without end' ? 5000 : 3000,
      command,
    );
    console.log(`${what}: ${mb.toFixed(0)} MB, rss +${rssMb.toFixed(1)} MB, alive +${aliveMb.toFixed(1)} MB, p99 ${p99Ms.toFixed(1)} ms, log ${logBytes}`); // prettier-ignore
    assert.ok(mb > 5, `only ${mb} MB came`);
    assert.ok(aliveMb < 100, `${aliveMb} MB more live`);
    // With what lies between two collections of garbage: 50 MB on a quiet host, more where the collector waits for its turn.
    assert.ok(rssMb < 400, `it grew by ${rssMb} MB`);
    assert.ok(p99Ms < 250, `timers were ${p99Ms} ms late`);
    assert.ok(logBytes <= 2 * mebi);
    assert.match(log, /^\S+Z \.\.\. \d+ bytes left out \.\.\.$/m);
    assert.match(log, /Z the end\n$/);
  });

test('a guest that goes on beyond the hard bound of its log is told of as a flood, and its command ends', async () => {
  await using cleanup = cleanupStack();
  const house = cleanup.keep(await guestHouse());
  const flooded = new AbortController();
  const bound = { bytes: mebi, floodBytes: 8 * mebi };
  const log = cleanup.keep(await logIn(house.folder, bound, (error) => flooded.abort(asFault(error))));
  const guest = cleanup.keep(await connectSsh(house.spec, { clock: systemClock, onNote: () => undefined }, on()));
  const onLines = (lines: readonly string[]) => log.said(lines, '  ');
  await assert.rejects(
    guest.run('exec yes', { onLines }, flooded.signal),
    (error) => error instanceof Fault && error.code === 'guest_floods',
  );
  assert.equal((await guest.run('exit 7', { onLines: () => undefined }, on())).exitCode, 7, 'the connection goes on');
});

/** Asks without end over 32 connections: `together` requests at once, and the next when something has come. */
const hammer = (path: string, together: number) => {
  const program = `
    const { connect } = require('node:net');
    const request = 'GET /file HTTP/1.1\\r\\n\\r\\n'.repeat(${together});
    const again = () => {
      const socket = connect(${JSON.stringify(path)});
      const ask = () => socket.write(request);
      socket.on('error', () => {}).on('connect', ask).on('data', ask).on('close', () => setTimeout(again, 1));
    };
    for (let n = 0; n < 32; n++) again();
  `;
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'ignore', 'inherit'] });
  const gone = once(child, 'exit');
  return {
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await gone;
    },
  };
};

for (const [how, together, least] of firstUnlessLong([
  ['thousands at once', 5000, 3],
  ['one request after the other', 1, 500],
] as const))
  test(`a guest that hammers its endpoint, ${how}, grows neither the daemon nor its events`, async () => {
    await using cleanup = cleanupStack();
    const shop = cleanup.keep(await storeShop());
    const folder = await mkdtemp(join(tmpdir(), 'hammer-'));
    cleanup.defer(() => rm(folder, { recursive: true }));
    const { build } = await shop.store.add(aBuild());
    const claim = await shop.store.claim({ token: 'a', slot: 0, room: hostWith(roomy), leaseMs: 600_000 });
    assert.ok(claim);
    const failures: unknown[] = [];
    const bound = { events: 100, requests: 1000, flood: Infinity };
    const guest = countGuestEvents(bound, claim.build.version);
    const events = eventLine(shop.store, { id: build.id, token: 'a' }, guest, (error) => failures.push(error));
    let told = 0;
    const path = join(folder, 'http');
    using watch = watchProcess();
    let seen = { rssMb: 0, aliveMb: 0, p99Ms: 0 };
    {
      await using endpoint = await serveEndpoint({
        at: { path },
        answers: new Map([['file', { kind: 'text', render: () => 'a text' }]]),
        hostname: 'guest',
        onRequest: (one) => {
          told++;
          events.append('http.request', changedData(one, visibleInJson));
        },
        room: events.room,
      });
      assert.ok(endpoint);
      await using hammering = hammer(path, together);
      assert.ok(hammering);
      await systemClock.sleep(2000, on());
      watch.mark();
      await systemClock.sleep(5000, on());
      // On a busy machine it takes longer until that was a flood.
      await untilTrue(() => told > least);
      seen = watch.seen();
    }
    const { rssMb, aliveMb, p99Ms } = seen;
    await events[Symbol.asyncDispose]();
    const kept = await shop.store.events(build.id, 0, 10_000);
    console.log(`${how}: ${told} requests, rss +${rssMb.toFixed(1)} MB, alive +${aliveMb.toFixed(1)} MB, p99 ${p99Ms.toFixed(1)} ms`); // prettier-ignore
    assert.deepEqual(failures, []);
    const requests = kept.filter(({ type }) => type === 'http.request').length;
    const left = kept.find(({ type }) => type === 'events.left_out')?.data['http.request'] ?? 0;
    assert.ok(requests <= 1000);
    assert.equal(requests + Number(left), told, 'each is kept or counted');
    assert.ok(aliveMb < 100, `${aliveMb} MB more live`);
    // What Node makes of one packet.
    assert.ok(rssMb < 400, `it grew by ${rssMb} MB`);
    assert.ok(p99Ms < 250, `timers were ${p99Ms} ms late`);
  });

test('a guest that causes more events than any guest should is told of as a flood', async () => {
  await using shop = await storeShop();
  const { build } = await shop.store.add(aBuild());
  await shop.store.claim({ token: 'a', slot: 0, room: hostWith(roomy), leaseMs: 600_000 });
  const failures: unknown[] = [];
  const guest = countGuestEvents({ events: 5, requests: 10, flood: 2 }, 2);
  const events = eventLine(shop.store, { id: build.id, token: 'a' }, guest, (error) => failures.push(error));
  const request = { method: 'GET', url: '/', status: 200, bytes: 1, ms: 1, from: '10.0.2.15' };
  for (let n = 0; n < 20; n++) events.append('http.request', request);
  for (let n = 0; n < 7; n++) events.append('machine.rebooted', { name: 'imaged-0' });
  events.append('console.skipped', { pattern: 'login: $' });
  assert.deepEqual(failures, []);
  events.append('http.request', request);
  await events[Symbol.asyncDispose]();
  const codes = failures.map((error) => asFault(error).code);
  assert.deepEqual(codes, ['guest_floods']);
  const kept = (await shop.store.events(build.id, 0, 1000)).filter(({ type }) => !type.startsWith('build.'));
  const count = (type: string) => kept.filter((event) => event.type === type).length;
  assert.deepEqual([count('http.request'), count('machine.rebooted'), count('console.skipped')], [10, 5, 1]);
  assert.deepEqual(kept.at(-1), { ...kept.at(-1), type: 'events.left_out', data: { 'http.request': 10, 'machine.rebooted': 2 } }); // prettier-ignore
});
