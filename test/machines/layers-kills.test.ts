import assert from 'node:assert/strict';
import { createHash, randomInt } from 'node:crypto';
import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import Database from 'better-sqlite3';
import { systemClock as clock } from '../../src/base/clock.ts';
import { finalEvents } from '../fixtures/attempts.ts';
import { everyBuild } from '../fixtures/every-build.ts';
import { filesOfImage } from '../fixtures/files-of-image.ts';
import { eventsOf } from '../fixtures/follow-events.ts';
import { isLong, isVmd } from '../fixtures/hypervisor.ts';
import { imagedProgram, startImaged, type Imaged } from '../fixtures/imaged.ts';
import {
  keepPosting,
  killDaemon,
  postOnce,
  startMsOf,
  type Deaths,
  type Lanes,
  type Posted,
} from '../fixtures/lanes.ts';
import { proveNothingLeft, provePublished, proveSound } from '../fixtures/left-behind.ts';
import { visit } from '../fixtures/quick-templates.ts';
import { randomFrom } from '../fixtures/random-from.ts';
import { steadyClient } from '../fixtures/steady.ts';
import { untilTrue } from '../fixtures/until-true.ts';

const run = promisify(execFile);

const skip = isVmd ? 'vmd keeps no machines: test/layer-crash.test.ts has what is the same there' : false;
const kills = isLong ? 300 : 10;
const workers = isLong ? 3 : 2;
// What goes on after a death keeps nothing more: some builds have to come through without.
const killsPerBuild = 2;

// The memory of one machine as it may be at worst, and a few layers: they are evicted all the time.
const cacheSize = '400M';

/** What each of three scripts writes: few words, so that builds meet layers, and each other. */
type Words = { readonly first: number; readonly second: number; readonly third: number };

const write = (word: string) => `echo ${word} >>/root/words`;
const textOf = ({ first, second, third }: Words) => `a${first}\nb${second}\nc${third}\n`;

const body = ({ first, second, third }: Words) => ({
  template: visit({
    provisioners: [
      { type: 'shell', name: 'first', inline: [write(`a${first}`), 'sync'], checkpoint: true },
      // Long enough to be met by a death, and gone on with.
      { type: 'shell', name: 'second', inline: [write(`b${second}`), 'sleep 1; sync'], checkpoint: true },
      { type: 'shell', name: 'third', inline: [write(`c${third}`), 'rm -rf /root/.ssh; sync'] },
    ],
  }),
});

/** Waits until a layer is being made that was not there, or for two seconds. */
const untilMaking = async ({ imaged, signal }: Lanes): Promise<void> => {
  const names = async () => readdir(join(imaged.dataDir, 'layers')).catch(() => [] as string[]);
  const before = new Set(await names());
  for (const until = clock.elapsed() + 2000; clock.elapsed() < until;) {
    if ((await names()).some((name) => !before.has(name))) return;
    await clock.sleep(2, signal);
  }
};

/** Asks for all layers to be deleted that no build uses; the daemon may die before it answers. */
const evict = ({ imaged, signal }: Lanes): void => void imaged.call('/layers', { method: 'DELETE', signal }).catch(() => undefined); // prettier-ignore

/** Comes back when the daemon is to die: at any moment, when a layer is being made, or when all are being deleted. */
const moment = async (lanes: Lanes): Promise<void> => {
  const { random, signal } = lanes;
  const when = random.weighted([
    ['any', 3],
    ['making', 2],
    ['evicting', 1],
  ] as const);
  if (when === 'any') return clock.sleep(random.between(0, 3000), signal);
  await clock.sleep(random.between(0, 1000), signal);
  if (when === 'making') await untilMaking(lanes);
  else evict(lanes);
  await clock.sleep(random.between(0, when === 'making' ? 200 : 40), signal);
};

/** Every layer is whole, every folder a layer's, no build has one any more; gives how many there are. */
const proveLayersWhole = async (imaged: Imaged): Promise<number> => {
  const file = join(imaged.folder, 'imaged.toml');
  const [program = '', ...args] = imaged.beside([process.execPath, imagedProgram, 'layers', 'verify', '-f', file]);
  const { stdout, stderr } = await run(program, args);
  const db = new Database(join(imaged.dataDir, 'imaged.db'), { readonly: true });
  try {
    const keys = db.prepare('SELECT key FROM layer ORDER BY key').pluck().all();
    assert.deepEqual((await readdir(join(imaged.dataDir, 'layers'))).toSorted(), keys, `${stdout}${stderr}`);
    assert.deepEqual(db.prepare('SELECT * FROM layer_hold').all(), []);
    return keys.length;
  } finally {
    db.close();
  }
};

/** The image is what its scripts wrote, each of them once. */
const proveWritten = async (imaged: Imaged, { id }: Posted, words: Words, seen: Map<string, string>): Promise<void> => {
  const [digest = ''] = await provePublished(imaged, id);
  const text = textOf(words);
  // An image by another name was looked at before.
  if (seen.get(digest) === text) return;
  const files = await filesOfImage(join(imaged.dataDir, 'builds', id, 'artifacts', 'visit.qcow2'));
  const sha256 = createHash('sha256').update(text).digest('hex');
  assert.equal(files.get('/root/words'), `100644 0:0 ${sha256}`, `${id} has not the words ${JSON.stringify(words)}`);
  seen.set(digest, text);
};

/** What an earlier run left of layers and each start has put right, as the daemon's log has it. */
const leftIn = (imaged: Imaged) => {
  const lines = imaged.lines().filter((line) => line.includes('put right the layers that an earlier run left behind'));
  const count = (what: string) =>
    lines.reduce((sum, line) => sum + ((JSON.parse(line) as Record<string, readonly string[]>)[what]?.length ?? 0), 0);
  return { unfinished: count('unfinished'), doomed: count('doomed'), broken: count('broken') };
};

const proveBuilds = async (lanes: Lanes, posted: readonly Posted[], wordsOf: ReadonlyMap<object, Words>) => {
  const { imaged, client, signal } = lanes;
  const listed = (await everyBuild(client, signal)).map(({ id }) => id);
  assert.deepEqual(listed.toSorted(), posted.map(({ id }) => id).toSorted(), 'builds were lost or doubled');
  const told = new Map<string, number>();
  const seen = new Map<string, string>();
  const reasons: string[] = [];
  for (const one of posted) {
    assert.equal(await postOnce(client, one.body, one.key), one.id);
    const events = await eventsOf(imaged, one.id);
    for (const { type, data } of events) {
      told.set(type, (told.get(type) ?? 0) + 1);
      if (type === 'build.requeued') reasons.push(JSON.stringify(data['fault']));
    }
    assert.deepEqual(
      finalEvents(events).map(({ type }) => type),
      ['build.succeeded'],
      JSON.stringify(one.build.fault),
    );
    await proveWritten(imaged, one, wordsOf.get(one.body) ?? { first: -1, second: -1, third: -1 }, seen);
  }
  const of = (type: string) => told.get(type) ?? 0;
  return {
    kept: of('layer.kept'),
    hits: of('layer.hit'),
    wentOn: of('build.taken_up'),
    anew: of('build.requeued'),
    reasons,
  };
};

test(
  `builds and layers outlive ${kills} kills of the daemon while layers are made, taken and evicted: no build is lost or doubled, no layer is not whole, nothing is left`,
  { skip, timeout: kills * 120_000 },
  async (t) => {
    const seed = Number(process.env['IMAGED_SEED'] ?? randomInt(2 ** 31));
    t.diagnostic(`IMAGED_SEED=${seed} repeats these moments`);
    const random = randomFrom(seed);
    const ending = new AbortController();
    const { signal } = ending;
    await using imaged = await startImaged({
      settings: `workers = ${workers}\nattempts = 2`,
      tables: `[cache]\nenabled = true\nsize = "${cacheSize}"\n[hypervisor.qemu]\naccelerator = "tcg"`,
    });
    const lanes: Lanes = { imaged, client: steadyClient(imaged, signal), random, under: new Map(), signal };
    const startMs = await startMsOf(imaged);
    const wordsOf = new Map<object, Words>();
    const next = () => {
      const first = random.weighted([
        [0, 5],
        [1, 1],
      ] as const);
      const words = { first, second: random.below(2), third: random.below(3) };
      const made = body(words);
      wordsOf.set(made, words);
      return made;
    };
    let isOver = false;
    const posting = Promise.all(
      Array.from({ length: workers + 1 }, (_, lane) => keepPosting(lanes, lane, next, () => isOver)),
    );
    const count: Deaths = { starting: 0, machines: 0 };
    await untilTrue(() => lanes.under.size > 0);
    try {
      const killing = async () => {
        // So that there is something to take.
        await Promise.race([...lanes.under.values()].map(({ ended }) => ended));
        for (let kill = 0; kill < kills; kill++) {
          await moment(lanes);
          await killDaemon(lanes, { startMs, killsPerBuild }, count);
        }
      };
      await Promise.race([killing(), posting]);
      isOver = true;
      const posted = (await posting).flat();
      const { reasons, ...told } = await proveBuilds(lanes, posted, wordsOf);
      await proveNothingLeft(imaged);
      await proveSound(imaged);
      const layers = await proveLayersWhole(imaged);
      const left = leftIn(imaged);
      t.diagnostic(
        `${kills} kills over ${posted.length} builds: ${JSON.stringify({ ...told, ...left, ...count, layers })}`,
      );
      for (const reason of new Set(reasons)) t.diagnostic(`began anew: ${reason}`);
      assert.equal(left.broken, 0, 'a layer was kept that was not whole');
      assert.ok(told.kept > 0 && told.hits > 0, 'no layer was kept, or none taken');
      if (isLong) assert.ok(told.wentOn > 0 && left.unfinished > 0 && left.doomed > 0, JSON.stringify({ told, left }));
    } finally {
      ending.abort(new Error('the test is over'));
      await posting.catch(() => undefined);
    }
  },
);
