/**
 * Builds, kills, hostile clients, hostile guests and full disks at once, for so long; then a table and a verdict.
 * usage: soak [--minutes N] [--seed N] [--without ATTACK]...
 */

import { writeFile, mkdir, readdir } from 'node:fs/promises';
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { systemClock as clock } from '../../src/base/clock.ts';
import { orAborted } from '../../src/base/waiting.ts';
import { everyBuild } from '../fixtures/every-build.ts';
import { guest, startImaged } from '../fixtures/imaged.ts';
import { proveNothingLeft, proveSound } from '../fixtures/left-behind.ts';
import { cycle } from '../fixtures/quick-templates.ts';
import { randomFrom } from '../fixtures/random-from.ts';
import { steadyClient } from '../fixtures/steady.ts';
import { again, type Stage } from './soak/actor.ts';
import { makeAttacks } from './soak/attacks.ts';
import { makeBombs } from './soak/bombs.ts';
import { buildWithoutEnd, lookWithoutEnd, type Ledger } from './soak/clients.ts';
import { makeKinds } from './soak/guests.ts';
import { fillWithoutEnd, killWithoutEnd, restartWithoutEnd } from './soak/kills.ts';
import { makePlace } from './soak/place.ts';
import { startProbe } from './soak/probe.ts';
import { takeSample, type Sample } from './soak/samples.ts';
import { showSamples } from './soak/table.ts';
import { judgeSamples, none, showVerdict, type Judgement } from './soak/verdict.ts';
import { watchOver } from './soak/ward.ts';

const Options = z.object({
  minutes: z.coerce.number().positive(),
  seed: z.coerce.number().int(),
  without: z.array(z.string()),
});

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
    without: { type: 'string', multiple: true, default: [] },
  },
});
const { minutes, seed, without } = Options.parse(values);

const interrupted = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(name, () => interrupted.abort(new Error(`the soak was ended by ${name}`)));

const placeMb = 3072;
const sampleEveryMs = 2000;
const workers = 2;
const linesKept = 20_000;
const clients = 4;
const attackers = 2;
// As many as the login class of OpenBSD gives the daemon.
const files = 1024;
// A build that was tried often waits for five minutes before it is tried again.
const mostMsToEnd = 600_000;
// The daemon lets idle connections go after 75 s.
const mostMsToIdle = 90_000;
// Few, so that what they keep has found its size within the first minutes.
const keep = 20;

const say = (line: string) => void process.stderr.write(`==> ${line}\n`);

const settings = `workers = ${workers}`;
const tables = `[hypervisor.qemu]\naccelerator = "tcg"\n[capacity]\ndisk_reserve = "64M"\n[retention]\nkeep = ${keep}`;

const main = async (): Promise<boolean> => {
  say(`${minutes} minutes; --seed ${seed} repeats the choices`);
  const bombs = (await makeBombs()).filter(({ name }) => !without.includes(name));
  await using place = await makePlace(placeMb);
  const own = join(place.folder, 'own');
  await mkdir(own);
  const kinds = await makeKinds(own);
  await using imaged = await startImaged({
    settings,
    tables,
    dataDir: place.dataDir,
    media: { tiny: guest, own },
    openFiles: files,
  });
  await using log = {
    [Symbol.asyncDispose]: () => writeFile('soak.log', `${imaged.lines().slice(-linesKept).join('\n')}\n`),
  };
  void log;
  await using probe = startProbe();
  const ward = watchOver(imaged);

  const over = new AbortController();
  const signal = AbortSignal.any([over.signal, interrupted.signal]);
  // The clients' builds come to their end after the soak is over for everybody else.
  const client = steadyClient(imaged, interrupted.signal);
  const counts = new Map<string, number>();
  const blamed: string[] = [];
  const stageOf = (part: number): Stage => ({
    ...{ ward, client, signal, random: randomFrom(seed + part) },
    count: (what) => counts.set(what, (counts.get(what) ?? 0) + 1),
    blame: (what) => {
      if (blamed.length < 1000) blamed.push(what);
      say(`blamed: ${what}`);
    },
  });

  const began = clock.elapsed();
  const share = () => (clock.elapsed() - began) / (minutes * 60_000);
  const sample = async (): Promise<Sample | undefined> =>
    takeSample(imaged, {
      atMs: clock.elapsed() - began,
      life: ward.life(),
      upMs: ward.upMs(),
      healthMs: probe.longestMs(),
    });
  const idleSample = async (): Promise<Sample> => {
    const taken = await sample();
    if (taken === undefined) throw new Error('the idle daemon could not be looked at');
    return taken;
  };

  // The first build finds everything cold: what it takes for good is no leak.
  const warm = await imaged.ended((await imaged.post({ template: await cycle() })).id);
  if (warm.status !== 'succeeded') throw new Error(`the first build ${warm.status}: ${JSON.stringify(warm.fault)}`);
  await proveNothingLeft(imaged);
  const before = await idleSample();

  const ledger: Ledger = new Map([['first', { id: warm.id, kind: 'cycle', ended: warm.status }]]);
  const seen = new Set<string>();
  const samples: Sample[] = [];
  const watching = async () => {
    while (!signal.aborted) {
      await clock.sleep(sampleEveryMs, signal).catch(() => undefined);
      if (signal.aborted) return;
      await ward.look();
      probe.aim(ward.isUp() ? imaged.url() : undefined);
      const taken = ward.isUp() ? await sample() : undefined;
      if (taken !== undefined) samples.push(taken);
      else stage.count('moments without a daemon to look at');
    }
  };
  const stage = stageOf(0);
  const attackStage = stageOf(1);
  const attacks = makeAttacks(attackStage, bombs).filter(({ name }) => !without.includes(name));
  const attackWithoutEnd = () =>
    again('attacking', attackStage, [100, 3000], async () => {
      const attack = attackStage.random.weighted(attacks.map((row) => [row, row.weight] as const));
      await attack.act();
      attackStage.count(`attack: ${attack.name}`);
    });
  const time = clock.deadline(minutes * 60_000, interrupted.signal, () => new Error('the time is over'));
  time.signal.addEventListener('abort', () => over.abort(time.signal.reason), { once: true });
  const acting = Promise.all([
    watching(),
    ...Array.from({ length: clients }, (_, lane) => buildWithoutEnd(stageOf(10 + lane), lane, kinds, ledger)),
    lookWithoutEnd(stageOf(2), seen),
    killWithoutEnd(stageOf(3)),
    // In the first and the last third it lives long enough to show what it gathers.
    restartWithoutEnd(stageOf(4), () => share() > 1 / 3 && share() < 2 / 3),
    ...(place.fill === undefined ? [] : [fillWithoutEnd(stageOf(5), place.fill)]),
    ...Array.from({ length: attackers }, attackWithoutEnd),
  ]);
  if (place.fill === undefined) say('not root: no file system of its own, so no disk is filled');
  await acting;
  time[Symbol.dispose]();
  interrupted.signal.throwIfAborted();
  say('the time is over: waiting for the last builds');
  probe.aim(undefined);

  await ward.look();
  const ending = AbortSignal.any([interrupted.signal, AbortSignal.timeout(mostMsToEnd)]);
  const unended: string[] = [];
  for (const posted of ledger.values())
    if (posted.ended === undefined)
      try {
        posted.ended = (await orAborted(client.ended(posted.id), ending)).status;
      } catch (error) {
        interrupted.signal.throwIfAborted();
        unended.push(`${posted.kind} ${posted.id}: ${error instanceof Error ? error.message : String(error)}`);
      }
  const left = await proveNothingLeft(imaged, 20_000).then(() => [], (error: unknown) => [String(error)]); // prettier-ignore
  // Connections that the clients keep for their next request go after a while.
  const untilIdle = clock.elapsed() + mostMsToIdle;
  let after = await idleSample();
  while (after.files > before.files + 2 && clock.elapsed() < untilIdle) {
    await clock.sleep(1000, interrupted.signal);
    after = await idleSample();
  }
  for (const { id } of await everyBuild(client, interrupted.signal)) seen.add(id);
  const sound = await proveSound(imaged).then(() => [], (error: unknown) => [String(error)]); // prettier-ignore
  const posted = new Set([...ledger.values()].map(({ id }) => id));

  const judgements: readonly Judgement[] = [
    ...judgeSamples(samples, { before, after }),
    none(
      'builds that nobody posted',
      [...seen].filter((id) => !posted.has(id)),
    ),
    none('two requests that made one build', posted.size === ledger.size ? [] : [`${ledger.size} requests, ${posted.size} builds`]), // prettier-ignore
    none('deaths of the daemon that nobody meant', ward.deaths),
    none('processes, sockets and folders left', left),
    none('contexts left', await readdir(join(place.dataDir, 'contexts'))),
    none('damage to the store', sound),
    none('answers and failures that must not be', blamed),
  ];
  process.stdout.write(`\n${showSamples(samples)}\n`);
  for (const [what, times] of [...counts].toSorted()) process.stdout.write(`${String(times).padStart(6)} ${what}\n`);
  process.stdout.write(`\n${showVerdict(judgements)}`);
  if (!judgements.some(({ claim }) => claim.startsWith('memory')))
    say('no daemon lived for five minutes, so its memory is not judged');
  say('what the daemon logged last is in soak.log');
  return judgements.every(({ holds }) => holds);
};

main().then(
  (holds) => {
    process.exitCode = holds ? 0 : 1;
  },
  (error: unknown) => {
    process.stderr.write(`soak: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = interrupted.signal.aborted ? 130 : 1;
  },
);
