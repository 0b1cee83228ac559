import assert from 'node:assert/strict';
import { createHash, randomBytes, randomInt } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock as clock } from '../../src/base/clock.ts';
import { attemptsOf, finalEvents, type Attempt } from '../fixtures/attempts.ts';
import { everyBuild } from '../fixtures/every-build.ts';
import { eventsOf } from '../fixtures/follow-events.ts';
import type { Event } from '../fixtures/published-event.ts';
import { guest, startImaged } from '../fixtures/imaged.ts';
import { keepPosting, killDaemon, postOnce, startMsOf, type Deaths, type Lanes } from '../fixtures/lanes.ts';
import { artifactFiles, proveNothingLeft, provePublished, proveSound } from '../fixtures/left-behind.ts';
import { isLong, isVmd } from '../fixtures/hypervisor.ts';
import { killsOf } from '../fixtures/long.ts';
import { cycle, cycleMachine, visit } from '../fixtures/quick-templates.ts';
import { randomFrom } from '../fixtures/random-from.ts';
import { steadyClient } from '../fixtures/steady.ts';
import { brief, killOne, namesOf, programs, type Kill } from '../fixtures/victims.ts';

// Under vmd machines and disks are vmd's own: there are fewer programs to kill.
const kills = killsOf(200, isVmd ? 10 : 20);
const workers = isLong ? 3 : 2;
// A kill takes some seconds, as a daemon and its builds have to come again before the next.
const timeout = kills * 30_000;

// A build that saw many daemons die runs alone (rules/crash.ts), so one build has to bear fewer.
const killsPerBuild = 4;

// So much that its transfer takes a moment, in which what carries it can be met.
const payload = randomBytes(2 * 2 ** 20);
const diskMb = 4;
const longDigest = createHash('sha256')
  .update(payload)
  .update(Buffer.alloc(diskMb * 2 ** 20 - payload.length))
  .digest('hex');
const longCycle = async () => cycle({ machine: await cycleMachine(`${diskMb}M`), http: { payload: { file: 'media:own/payload' } } }); // prettier-ignore

// So long that some builds come to their end.
const mostMsBetween = 4000;

const lasting = programs.flatMap(([program, weight]) =>
  program === 'qemu-img' || program === 'nc' ? [] : [[program, weight] as const],
);

// Some builds have no ssh.
const mostMsToFind = 5000;

/** Those programs that are there for milliseconds and were killed less often than they are to be. */
const briefDue = (done: readonly Kill[]) => {
  const weights = new Map(programs);
  const all = programs.reduce((sum, [, weight]) => sum + weight, 0);
  return brief.filter((name) => done.filter(({ program }) => program === name).length < ((done.length + 1) * (weights.get(name) ?? 0)) / all); // prettier-ignore
};

/** Kills, at a random moment, a program that lives for a while, or, before that, one of those that do not; undefined: none came. */
const killNext = async (
  shop: Lanes,
  done: readonly Kill[],
  startMs: number,
  count: Deaths,
): Promise<Kill | undefined> => {
  const { imaged, random, signal } = shop;
  const due = briefDue(done);
  for (const until = clock.elapsed() + random.between(0, mostMsBetween); clock.elapsed() < until;) {
    const kill = due.length === 0 ? undefined : await killOne(imaged, due, random.below);
    if (kill !== undefined) return kill;
    await clock.sleep(2, signal);
  }
  const program = random.weighted(lasting);
  if (program === 'daemon')
    return { program, slot: undefined, ...(await killDaemon(shop, { startMs, killsPerBuild }, count)) };
  for (const until = clock.elapsed() + mostMsToFind; clock.elapsed() < until;) {
    const kill = await killOne(imaged, [program], random.below);
    if (kill !== undefined) return kill;
    await clock.sleep(20, signal);
  }
  return undefined;
};

const isOf = ({ slot, fromMs, untilMs }: Attempt, kill: Kill): boolean =>
  (kill.slot === undefined || kill.slot === slot) && kill.atMs >= fromMs && kill.atMs <= untilMs;

const wordsOf = (fault: object): string => JSON.stringify(fault).replaceAll('\\n', ' ');

/** What the build tells of its guest's requests that went wrong. */
const cutRequests = (events: readonly Event[]): string =>
  events.map(({ type, data }) => (type === 'http.request' ? String(data['error']) : '')).join(' ');

/** What came of the kills: each attempt that did not succeed says which of its programs was killed. */
const explain = (
  attempts: readonly Attempt[],
  events: readonly Event[],
  done: readonly Kill[],
  table: Map<string, number>,
): string[] =>
  attempts.flatMap((attempt) => {
    const { how, fault } = attempt;
    const mine = done.filter((kill) => isOf(attempt, kill)).map(({ program }) => program);
    const row = `${[...new Set(mine)].toSorted().join('+') || 'nothing'} killed: ${how}${fault ? ` ${fault.code} in ${fault.step ?? 'no step'}: ${fault.message.split('\n')[0] ?? ''}` : ''}`; // prettier-ignore
    const general = row.replaceAll(/\d+/g, 'N').replaceAll(/\/tmp\S+/g, 'PATH');
    table.set(general, (table.get(general) ?? 0) + 1);
    if (how === 'succeeded' || (fault !== undefined && mine.some((program) => namesOf[program].test(wordsOf(fault) + cutRequests(events))))) return []; // prettier-ignore
    return [row];
  });

test(
  `builds outlive the kill of any program at ${kills} random moments, and each that failed says which was killed`,
  { timeout },
  async (t) => {
    const seed = Number(process.env['IMAGED_SEED'] ?? randomInt(2 ** 31));
    t.diagnostic(`IMAGED_SEED=${seed} repeats these moments`);
    const random = randomFrom(seed);
    const ending = new AbortController();
    const { signal } = ending;
    const own = await mkdtemp(join(tmpdir(), 'random-'));
    t.after(() => rm(own, { recursive: true }));
    await writeFile(join(own, 'payload'), payload);
    await using imaged = await startImaged({
      settings: `workers = ${workers}\nattempts = 2`,
      tables: '[hypervisor.qemu]\naccelerator = "tcg"',
      media: { tiny: guest, own },
    });
    const shop: Lanes = { imaged, client: steadyClient(imaged, signal), random, under: new Map(), signal };
    const bodies = [{ template: await longCycle() }, { template: visit() }];

    const startMs = await startMsOf(imaged);

    let isOver = false;
    const count: Deaths = { starting: 0, machines: 0 };
    // One more than fits, so that a slot that comes free is taken at once.
    const lanes = Promise.all(
      Array.from({ length: workers + 1 }, (_, lane) =>
        keepPosting(
          shop,
          lane,
          (at) => bodies[at % bodies.length] ?? {},
          () => isOver,
        ),
      ),
    );
    const done: Kill[] = [];
    try {
      const killing = async () => {
        while (done.length < kills) {
          const kill = await killNext(shop, done, startMs, count);
          if (kill !== undefined) done.push(kill);
        }
      };
      await Promise.race([killing(), lanes]);
      isOver = true;
      const posted = (await lanes).flat();

      const listed = (await everyBuild(shop.client, shop.signal)).map(({ id }) => id);
      assert.deepEqual(listed.toSorted(), posted.map(({ id }) => id).toSorted(), 'builds were lost or doubled');
      for (const { key, body, id } of posted) assert.equal(await postOnce(shop.client, body, key), id);

      const table = new Map<string, number>();
      const unexplained: string[] = [];
      for (const { id, build, body } of posted) {
        const events = await eventsOf(imaged, id);
        assert.deepEqual(
          finalEvents(events).map(({ type }) => type),
          [`build.${build.status}`],
        );
        unexplained.push(...explain(attemptsOf(events), events, done, table));
        if (build.status !== 'succeeded') assert.deepEqual(await artifactFiles(imaged, id), []);
        else {
          const digests = await provePublished(imaged, id);
          if (body === bodies[0]) assert.deepEqual(digests, [longDigest]);
        }
      }
      const kinds = programs.map(([program]) => `${done.filter((kill) => kill.program === program).length} ${program}`);
      t.diagnostic(`${done.length} kills (${kinds.join(', ')}) over ${posted.length} builds, ${posted.filter(({ build }) => build.status === 'succeeded').length} of which succeeded; ${count.starting} more kills of a daemon that started; ${count.machines} machines outlived the daemon and were reaped`); // prettier-ignore
      for (const [row, times] of [...table].toSorted()) t.diagnostic(`${times} times: ${row}`);
      if (kills >= 100) for (const [program] of programs) assert.ok(done.some((kill) => kill.program === program), `no ${program} was killed`); // prettier-ignore
      assert.deepEqual(unexplained, [], 'these attempts do not say which of their programs was killed');
      await proveNothingLeft(imaged);
      await proveSound(imaged);
    } finally {
      ending.abort(new Error('the test is over'));
      await lanes.catch(() => undefined);
    }
  },
);
