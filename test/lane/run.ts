/**
 * Runs the tests of several lanes, so many files at once, the longest first, so that none of them runs on alone at the end.
 * Small files share processes: most of what one takes is the loading of the same modules. Those that `alone` lists do not,
 * nor do those in folders, with machines or browsers. What a process printed is told on stdout when it has ended.
 *
 * usage: node dist/test/lane/run.js AT-ONCE TEST-SECONDS FOLDER
 *
 * FOLDER/NAME.lane has on its first line what the lane is, on its second the variables that its tests see, as words
 * NAME=value, and then the paths of its files. FOLDER/NAME.result tells what came out (`what-came-out.ts`).
 */

import { glob, readFile, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { run } from 'node:test';
import { spec, type TestEvent } from 'node:test/reporters';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { makeSemaphore } from '../../src/base/semaphore.ts';
import { isCount, whatCameOut, type Seen } from './what-came-out.ts';

/** So many processes have all small files: as many as end at nearly the same time, and few enough to be worth it. */
const shared = 6;

const besideThis = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const nameOf = (file: string): string => relative(besideThis('..'), file).replace(/\.test\.js$/, '');

/** What a list of this folder has: a name on each line, and behind it, where something is said of it, a blank and that. */
const listed = async (name: string): Promise<readonly string[]> => {
  const lines = await readFile(besideThis(`../../../test/lane/${name}`), 'utf8');
  return lines.split('\n').map((line) => line.replace(/ .*/, ''));
};

type Lane = { readonly what: string; readonly variables: readonly string[]; readonly seen: Seen[] };

/** One process: its place in the order of all, and a module that runs its files. */
type Job = { readonly lane: Lane; readonly place: number; readonly name: string; readonly module: string };

const [atOnce = '', seconds = '', folder = ''] = process.argv.slice(2);
const longest = await listed('longest');
const alone = await listed('alone');

const placeOf = (file: string): number => {
  const at = longest.indexOf(nameOf(file));
  return at === -1 ? longest.length : at;
};

/** The module gives its variables to the process before any file is loaded. All are named at once: node:test waits for no other. */
const moduleOf = ({ variables }: Lane, files: readonly string[]): string => {
  const own = JSON.stringify(Object.fromEntries(variables.map((word) => word.split('='))));
  const first = `data:text/javascript,${encodeURIComponent(`Object.assign(process.env, ${own});`)}`;
  const urls = [first, ...files.map((file) => pathToFileURL(file).href)];
  return urls.map((url) => `import ${JSON.stringify(url)};\n`).join('');
};

const mayShare = (file: string): boolean => !nameOf(file).includes('/') && !alone.includes(nameOf(file));

const jobsOf = (lane: Lane, files: readonly string[]): Job[] => {
  const sorted = files.toSorted((a, b) => placeOf(a) - placeOf(b));
  const sharing = sorted.filter(mayShare);
  // Dealt out like cards, so that each has some of the long ones.
  const batches = Array.from({ length: Math.min(shared, sharing.length) }, (_, batch) => ({
    lane,
    // They take longer than any file alone.
    place: -1,
    name: `shared-${batch + 1}`,
    module: moduleOf(
      lane,
      sharing.filter((_file, index) => index % shared === batch),
    ),
  }));
  const single = sorted
    .filter((file) => !mayShare(file))
    .map((file) => ({ lane, place: placeOf(file), name: nameOf(file), module: moduleOf(lane, [file]) }));
  return [...batches, ...single];
};

const lanes = new Map<string, Lane>();
const jobs: Job[] = [];
for await (const file of glob(join(folder, '*.lane'))) {
  const [what = '', variables = '', ...files] = (await readFile(file, 'utf8')).trimEnd().split('\n');
  const lane: Lane = { what, variables: variables.split(' ').filter(Boolean), seen: [] };
  lanes.set(file, lane);
  jobs.push(...jobsOf(lane, files.map((path) => resolve(path)))); // prettier-ignore
}

const turns = makeSemaphore(Number(atOnce));
const toTheEnd = new AbortController().signal;

const runJob = async ({ lane, name, module }: Job, index: number): Promise<void> => {
  using _turn = await turns.take(toTheEnd);
  const path = resolve(folder, `${index}.test.mjs`);
  await writeFile(path, module);
  const began = performance.now();
  const tests = run({
    files: [path],
    timeout: Number(seconds) * 1000,
    execArgv: ['--import', besideThis('must-end.js')],
  });
  const events = (await tests.toArray()) as TestEvent[];
  const tookMs = performance.now() - began;
  lane.seen.push({ name, tookMs, events });
  const told = Readable.from(events.filter((event) => !isCount(event))).pipe(new spec());
  const text = (await told.toArray()).join('');
  process.stdout.write(`==> ${lane.what}: ${name}, ${(tookMs / 1000).toFixed(1)} s\n${text}`);
};

await Promise.all(jobs.toSorted((a, b) => a.place - b.place).map(runJob));
for (const [file, lane] of lanes) {
  const result = whatCameOut(lane.seen);
  if (result.hasFailed) process.exitCode = 1;
  await writeFile(file.replace(/lane$/, 'result'), result.text);
}
// What a test that failed has left behind may hold the pipes of its process open.
process.exit();
