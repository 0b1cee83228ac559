/**
 * Runs files of tests, the longest first, so that none of them runs on alone at the end; `node --test` sorts them by their
 * names. Tells of them on stdout, and in the file RESULT what came out (`what-came-out.ts`).
 *
 * usage: node dist/test/lane/run.js AT-ONCE TEST-SECONDS RESULT FILE...
 */

import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { Duplex } from 'node:stream';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';
import whatCameOut from './what-came-out.ts';

const besideThis = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The files in the order of the list; those that are not in it come last, as they were given. */
const longestFirst = (files: readonly string[], list: readonly string[]): string[] => {
  const place = (file: string): number => {
    const at = list.indexOf(relative(besideThis('..'), file).replace(/\.test\.js$/, ''));
    return at === -1 ? list.length : at;
  };
  return [...files].sort((a, b) => place(a) - place(b));
};

const [atOnce = '', seconds = '', result = '', ...files] = process.argv.slice(2);
const list = (await readFile(besideThis('../../../test/lane/longest'), 'utf8')).split('\n');
const tests = run({
  files: longestFirst(
    files.map((file) => resolve(file)),
    list,
  ),
  concurrency: Number(atOnce),
  timeout: Number(seconds) * 1000,
  execArgv: ['--import', besideThis('must-end.js')],
});
tests.on('test:fail', ({ todo }) => {
  if (todo === undefined || todo === false) process.exitCode = 1;
});
tests.pipe(Duplex.from(whatCameOut)).pipe(createWriteStream(result));
tests.pipe(new spec()).pipe(process.stdout);
