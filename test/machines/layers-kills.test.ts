import assert from 'node:assert/strict';
import { createHash, randomInt } from 'node:crypto';
import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
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
import { killsOf, longOnly } from '../fixtures/long.ts';
import { revisit, visit } from '../fixtures/quick-templates.ts';
import { randomFrom, type Random } from '../fixtures/random-from.ts';
import { steadyClient } from '../fixtures/steady.ts';
import { untilTrue } from '../fixtures/until-true.ts';

const run = promisify(execFile);

const workers = isLong ? 3 : 2;
// A build that saw many daemons die runs alone: some have to come through beside others.
const killsPerBuild = 2;

/** What each script of a build writes: few words, so that builds meet layers, and each other. */
type Words = readonly number[];

/** What builds do, and when the daemon dies meanwhile. */
type Scenario = {
  readonly title: string;
  readonly skip?: string | false;
  /** How often it dies; IMAGED_KILLS has another number. */
  readonly kills: number;
  readonly wordsFrom: (random: Random) => Words;
  /** What layers may take. */
  readonly cacheSize: string;
  readonly moments: Parameters<typeof moment>[1];
};

const write = (word: string) => `echo ${word} >>/root/words`;
const wordOf = (word: number, at: number) => `${String.fromCharCode(97 + at)}${word}`;
const textOf = (words: Words) => words.map((word, at) => `${wordOf(word, at)}\n`).join('');

// vmd keeps no machine that runs: there the guest is started anew, from disks that it was installed on.
const template = isVmd ? revisit() : visit();

const body = (words: Words) => ({
  template: {
    ...template,
    provisioners: words.map((word, at) => {
      const isLast = at === words.length - 1;
      // The last but one is long enough to be met by a death, and gone on with.
      const pause = at === words.length - 2 ? 'sleep 1; ' : '';
      const inline = [write(wordOf(word, at)), `${isLast ? 'rm -rf /root/.ssh; ' : pause}sync`];
      // Behind the last nobody can log in: nothing could go on from there.
      return { type: 'shell', name: `script-${at}`, inline, checkpoint: !isLast };
    }),
  },
});

const imageName = `${template.name}.qcow2`;

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

/** Waits until disks in the folder of a layer are being flattened, or for so many milliseconds. */
const untilFlattening = async ({ imaged, signal }: Lanes, withinMs: number): Promise<void> => {
  for (const until = clock.elapsed() + withinMs; clock.elapsed() < until;) {
    if ((await flatFiles(imaged)).length > 0) return;
    await clock.sleep(10, signal);
  }
};

/** What of disks has been flattened, and is not in its place yet. */
const flatFiles = async ({ dataDir }: Imaged): Promise<readonly string[]> => {
  const files = await readdir(join(dataDir, 'layers'), { recursive: true }).catch(() => [] as string[]);
  return files.filter((name) => name.endsWith('.flat'));
};

/**
 * Comes back when the daemon is to die: at any moment, when a layer is being made, when all are being deleted, or when disks are being
 * flattened.
 */
const moment = async (
  lanes: Lanes,
  moments: readonly (readonly [when: 'any' | 'making' | 'evicting' | 'flattening', weight: number])[],
): Promise<void> => {
  const { random, signal } = lanes;
  const when = random.weighted(moments);
  if (when === 'any') return clock.sleep(random.between(0, 3000), signal);
  if (when === 'flattening') {
    await untilFlattening(lanes, 120_000);
    return clock.sleep(random.between(0, 100), signal);
  }
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
  const files = await filesOfImage(join(imaged.dataDir, 'builds', id, 'artifacts', imageName));
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
    await proveWritten(imaged, one, wordsOf.get(one.body) ?? assert.fail(), seen);
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

/** Builds in lanes, with as many deaths of the daemon as the scenario has; gives what is left of layers, and what was told. */
const outlive = async (t: TestContext, { kills, wordsFrom, cacheSize, moments }: Scenario) => {
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
    const words = wordsFrom(random);
    const made = body(words);
    wordsOf.set(made, words);
    return made;
  };
  let isOver = false;
  const posting = Promise.all(
    Array.from({ length: workers + 1 }, (_, lane) => keepPosting(lanes, lane, next, () => isOver)),
  );
  const count: Deaths = { starting: 0, machines: 0 };
  let flattening = 0;
  await untilTrue(() => lanes.under.size > 0);
  try {
    const killing = async () => {
      // So that there is something to take.
      await Promise.race([...lanes.under.values()].map(({ ended }) => ended));
      for (let kill = 0; kill < kills; kill++) {
        await moment(lanes, moments);
        if ((await flatFiles(imaged)).length > 0) flattening += 1;
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
    const all = { ...told, ...left, ...count, flattening, layers };
    t.diagnostic(`${kills} kills over ${posted.length} builds: ${JSON.stringify(all)}`);
    for (const reason of new Set(reasons)) t.diagnostic(`began anew: ${reason}`);
    assert.equal(left.broken, 0, 'a layer was kept that was not whole');
    assert.ok(told.kept > 0 && told.hits > 0, 'no layer was kept, or none taken');
    return all;
  } finally {
    ending.abort(new Error('the test is over'));
    await posting.catch(() => undefined);
  }
};

const random: Scenario = {
  title: 'builds and layers outlive kills of the daemon while layers are made, taken and evicted',
  ...(isVmd ? longOnly : {}),
  kills: Number(process.env['IMAGED_KILLS'] ?? killsOf(300, 10)),
  // The memory of one machine as it may be at worst, and a few layers: they are evicted all the time.
  cacheSize: '400M',
  wordsFrom: (from) => [
    from.weighted([
      [0, 5],
      [1, 1],
    ] as const),
    from.below(2),
    from.below(3),
  ],
  moments: [
    ['any', 3],
    ['making', 2],
    ['evicting', 1],
  ],
};

// Behind the script before this one as many images lie upon each other as may, fewer under vmd: there they are flattened.
const flattensAt = isVmd ? 2 : 5;
const scripts = flattensAt + 2;

const flattened: Scenario = {
  title: 'and while the disks of layers are flattened',
  kills: Number(process.env['IMAGED_KILLS'] ?? killsOf(30, 2)),
  // All that builds make.
  cacheSize: '4G',
  // That is another in most builds: what has been flattened is not flattened again.
  wordsFrom: (from) =>
    Array.from({ length: scripts }, (_, at) => (at < flattensAt ? 0 : from.below(at === flattensAt ? 1000 : 3))),
  moments: [
    ['flattening', 4],
    ['any', 1],
  ],
};

for (const scenario of [random, flattened])
  test(
    `${scenario.title}: no build is lost or doubled, no layer is not whole, nothing is left`,
    { skip: scenario.skip ?? false, timeout: scenario.kills * 120_000 + 600_000 },
    async (t) => {
      const { wentOn, unfinished, doomed, flattening } = await outlive(t, scenario);
      // Few kills may all fall elsewhere.
      if (scenario.kills < 30) return;
      assert.ok(wentOn > 0 && unfinished > 0, JSON.stringify({ wentOn, unfinished }));
      if (scenario === random) assert.ok(doomed > 0, 'none died while layers were deleted');
      else assert.ok(flattening > 0, 'none died while disks were flattened');
    },
  );
