/** Measures imaged and prints one table. usage: bench [--json FILE] [ROW...] */

import { writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { systemClock as clock } from '../../src/base/clock.ts';
import { diskLayer } from './layers/row-disk-layer.ts';
import { goingOn } from './layers/row-going-on.ts';
import { keeping } from './layers/row-keeping.ts';
import { lookUp } from './layers/row-look-up.ts';
import { rebuild } from './layers/row-rebuild.ts';
import { restart } from './layers/row-restart.ts';
import type { Facts, Row } from './row.ts';
import { chain } from './row-chain.ts';
import { compressing } from './row-compress.ts';
import { consoleFlood } from './row-console-flood.ts';
import { cost } from './row-cost.ts';
import { download } from './row-download.ts';
import { followers } from './row-followers.ts';
import { history } from './row-history.ts';
import { longPolls } from './row-long-polls.ts';
import { page } from './row-page.ts';
import { pages } from './row-pages.ts';
import { packer } from './row-packer.ts';
import { parallel } from './row-parallel.ts';
import { polling } from './row-polling.ts';
import { post } from './row-post.ts';
import { startUp } from './row-start-up.ts';
import { textFollowers } from './row-text-followers.ts';
import { showTable, type Line } from './table.ts';

const rows: Readonly<Record<string, Row>> = {
  cost,
  packer,
  parallel,
  polling,
  history,
  'long-polls': longPolls,
  page,
  pages,
  followers,
  'text-followers': textFollowers,
  post,
  'start-up': startUp,
  'console-flood': consoleFlood,
  download,
  compress: compressing,
  chain,
  rebuild,
  'going-on': goingOn,
  keeping,
  'disk-layer': diskLayer,
  layers: lookUp,
  restart,
};

const usage = `usage: script/bench [--json FILE] [ROW...]\nrows: ${Object.keys(rows).join(' ')}\n`;

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(name, () => stop.abort(new Error(`the benchmark was stopped by ${name}`)));

const say = (line: string) => void process.stderr.write(`==> ${line}\n`);

type Told = { readonly line: Line; readonly facts: Facts; readonly works: boolean };

const measure = async (key: string, { name, what, reach, run }: Row): Promise<Told> => {
  const began = clock.elapsed();
  const load = (loadavg()[0] ?? 0).toFixed(1);
  const took = () => `${((clock.elapsed() - began) / 1000).toFixed(0)} s, load before ${load}`;
  say(name);
  try {
    const { measured, isReached, facts } = await run({ signal: stop.signal, note: say });
    const reached = isReached ? 'yes' : 'NO';
    say(`${name}: ${measured}: ${reached} (${took()})`);
    return { line: { name, what, measured, reach, reached }, facts: { ...facts, isReached }, works: true };
  } catch (error) {
    stop.signal.throwIfAborted();
    process.stderr.write(
      `script/bench: ${key}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    return { line: { name, what, measured: 'did not work', reach, reached: 'NO' }, facts: {}, works: false };
  }
};

const main = async (): Promise<number> => {
  const { values, positionals } = parseArgs({ options: { json: { type: 'string' } }, allowPositionals: true });
  const wanted = positionals.length === 0 ? Object.keys(rows) : positionals;
  const told: Record<string, Told> = {};
  const loadBefore = loadavg();
  for (const key of wanted) {
    const row = rows[key];
    if (row === undefined) {
      process.stderr.write(usage);
      return 2;
    }
    told[key] = await measure(key, row);
  }
  process.stdout.write(`\n${showTable(Object.values(told).map(({ line }) => line))}`);
  const machine = `${availableParallelism()} processors (${cpus()[0]?.model ?? 'unknown'}), Node ${process.versions.node}`;
  const load = loadBefore.map((value) => value.toFixed(2)).join(' ');
  process.stdout.write(`\n${machine}, load before ${load}. Medians, least and most in brackets.\n`);
  if (values.json !== undefined) {
    const numbers = Object.entries(told).map(
      ([key, { line, facts }]) => [key, { measured: line.measured, ...facts }] as const,
    );
    await writeFile(values.json, `${JSON.stringify({ machine, load, rows: Object.fromEntries(numbers) }, null, 2)}\n`);
  }
  return Object.values(told).every(({ works }) => works) ? 0 : 1;
};

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`script/bench: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = stop.signal.aborted ? 130 : 1;
  },
);
