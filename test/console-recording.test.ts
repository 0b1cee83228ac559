import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { asciicastOf } from '../src/api/builds/asciicast.ts';
import { systemClock } from '../src/base/clock.ts';
import { makeGrowth } from '../src/base/growth.ts';
import { openRecording } from '../src/build/outputs/recording.ts';
import { openTimes, timesOf } from '../src/vmm/console/times.ts';
import { openTranscript } from '../src/vmm/console/transcript.ts';
import { apiShop } from './api-shop.ts';
import { aBuild } from './store-shop.ts';

const never = new AbortController().signal;

const newFolder = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'imaged-recording-'));
  return { path: join(folder, 'console'), [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
};

/** A clock that is set by hand, whose transcript is told of quiet by hand, too. */
const handClock = () => {
  const time = { ms: 1_700_000_000_000 };
  let tick: () => void = () => undefined;
  return {
    time,
    quiet: () => tick(),
    clock: {
      ...systemClock,
      now: () => time.ms,
      every: (_ms: number, call: () => void) => {
        tick = call;
        return { [Symbol.dispose]: () => undefined };
      },
    },
  };
};

const parts = {
  growth: makeGrowth(),
  bound: { bytes: 2 ** 20, floodBytes: 2 ** 30 },
  sensitive: ['hunter22'],
  onShown: () => undefined,
};

const pieces = async (path: string) => {
  await using recording = await openRecording(path, never);
  const all: [number, string][] = [];
  for await (const { ms, bytes } of recording?.pieces() ?? []) all.push([ms, Buffer.from(bytes).toString('latin1')]);
  return all;
};

test('a recording has what came, with the time of it to a tenth of a second, over several runs of the daemon', async () => {
  await using folder = await newFolder();
  const { clock, time } = handClock();
  const began = time.ms;
  for (const run of ['one', 'two']) {
    await using transcript = await openTranscript(folder.path, { ...parts, clock });
    for (const [wait, words] of [
      [0, `${run}:`],
      [30, 'a'],
      [40, 'b'],
      [200, 'c'],
      [5000, 'd'],
    ] as const) {
      time.ms += wait;
      await transcript.append(Buffer.from(words));
    }
    time.ms += 60_000;
  }
  assert.deepEqual(
    (await pieces(folder.path)).map(([ms, words]) => [ms - began, words]),
    [
      [70, 'one:ab'],
      [270, 'c'],
      [5270, 'd'],
      [65_340, 'two:ab'],
      [65_540, 'c'],
      [70_540, 'd'],
    ],
  );
});

test('what comes before a silence is in the recording while the silence lasts, and has its own time', async () => {
  await using folder = await newFolder();
  const { clock, time, quiet } = handClock();
  const began = time.ms;
  await using transcript = await openTranscript(folder.path, { ...parts, clock });
  await transcript.append(Buffer.from('login: '));
  await transcript.append(Buffer.from('root'));
  time.ms += 900;
  quiet();
  time.ms += 600_000;
  await transcript.append(Buffer.from('\r\n'));
  await transcript.flush();
  assert.deepEqual((await readFile(timesOf(folder.path), 'utf8')).trim(), `${began} 11`);
  assert.deepEqual(
    (await pieces(folder.path)).map(([, words]) => words),
    ['login: root', '\r\n'],
  );
});

test('a recording shows as little of a secret as the transcript does', async () => {
  await using folder = await newFolder();
  const { clock, time } = handClock();
  {
    await using transcript = await openTranscript(folder.path, { ...parts, clock });
    for (const letter of 'say hunter22 now') {
      time.ms += 500;
      await transcript.append(Buffer.from(letter));
    }
  }
  const text = (await pieces(folder.path)).map(([, words]) => words).join('');
  assert.equal(text, 'say <sensitive> now');
  assert.equal(text, await readFile(folder.path, 'latin1'));
});

test('a console that never rests fills its times more and more slowly', async () => {
  await using folder = await newFolder();
  const { clock, time } = handClock();
  {
    await using times = await openTimes(folder.path, clock);
    // A week of it, a byte each 50 ms of the first day and each minute after.
    let bytes = 0;
    for (; bytes < 20 * 86_400; time.ms += 50) times.note((bytes += 1));
    for (let minute = 0; minute < 6 * 1440; minute++, time.ms += 60_000) times.note((bytes += 1));
  }
  const { size } = await stat(timesOf(folder.path));
  assert.ok(size < 4 * 2 ** 20, `${size} bytes`);
});

test('whatever a crash has left of the times, a recording is the whole transcript, and its times never go back', async () => {
  await using folder = await newFolder();
  await fc.assert(
    fc.asyncProperty(
      fc.string(),
      fc.array(
        fc.oneof(
          fc.string(),
          fc.tuple(fc.nat(), fc.nat(50)).map(([ms, bytes]) => `${ms} ${bytes}`),
        ),
      ),
      async (transcript, lines) => {
        await writeFile(folder.path, transcript);
        await writeFile(timesOf(folder.path), lines.join('\n'));
        const all = await pieces(folder.path);
        assert.equal(all.map(([, words]) => words).join(''), Buffer.from(transcript).toString('latin1'));
        const times = all.map(([ms]) => ms);
        assert.deepEqual(
          times,
          times.toSorted((one, other) => one - other),
        );
      },
    ),
    { numRuns: 100 },
  );
});

const castOf = async (...given: readonly (readonly [number, Buffer])[]) => {
  const lines: unknown[] = [];
  for await (const line of asciicastOf(
    given.map(([ms, bytes]) => ({ ms, bytes })),
    'build X',
  ))
    lines.push(JSON.parse(line));
  return lines;
};

test('asciicast has a header, seconds since the first byte, and no character in two parts', async () => {
  const euro = Buffer.from('€');
  assert.deepEqual(
    await castOf(
      [1_700_000_000_500, Buffer.from('a')],
      [1_700_000_001_750, euro.subarray(0, 2)],
      [1_700_000_002_500, euro.subarray(2)],
    ),
    [{ version: 2, width: 80, height: 24, timestamp: 1_700_000_000, title: 'build X' }, [0, 'o', 'a'], [2, 'o', '€']],
  );
  assert.deepEqual(await castOf([5, Buffer.from([0x41, 0xff])], [6, euro.subarray(0, 1)]), [
    { version: 2, width: 80, height: 24, timestamp: 0, title: 'build X' },
    [0, 'o', 'A'],
    [0.001, 'o', '\ufffd'],
    [0.001, 'o', '\ufffd'],
  ]);
  assert.deepEqual(await castOf(), [{ version: 2, width: 80, height: 24, title: 'build X' }]);
});

test('the API gives the console as a recording, also one without times or of a build that has none yet', async () => {
  await using shop = await apiShop();
  const { build } = await shop.store.add(aBuild());
  const url = `/builds/${build.id}/console?format=asciicast`;
  const cast = async () => {
    const reply = await shop.ask({ url, headers: shop.auth });
    assert.deepEqual([reply.statusCode, reply.headers['content-type']], [200, 'application/x-asciicast']);
    return reply.body
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line))
      .slice(1);
  };
  assert.deepEqual(await cast(), []);
  const path = shop.folders.console(build.id);
  await shop.write(path, 'login: root\r\n');
  assert.deepEqual(await cast(), [[0, 'o', 'login: root\r\n']]);
  await shop.write(timesOf(path), '1700000000000 7\n1700000004250 13\n');
  assert.deepEqual(await cast(), [
    [0, 'o', 'login: '],
    [4.25, 'o', 'root\r\n'],
  ]);
  assert.equal((await shop.ask({ method: 'HEAD', url, headers: shop.auth })).statusCode, 200);
  for (const more of ['&follow=true', '&offset=3']) {
    const refused = await shop.ask({ url: `${url}${more}`, headers: shop.auth });
    assert.equal(refused.statusCode, 400);
    assert.match(refused.body, /goes with neither follow nor offset/);
  }
});
