/**
 * What came out of a lane, as text. Its first line has four numbers: passed, failed, skipped, and the seconds that its
 * processes took in all. A line follows for each test that failed, `failed FILE: TITLE: MESSAGE`, and one for each of the
 * slowest processes, `SECONDS NAME`: nobody needs to look for them in thousands of lines.
 */

import { relative } from 'node:path';
import type { TestEvent } from 'node:test/reporters';

/** What one process told of its tests. */
export type Seen = { readonly name: string; readonly tookMs: number; readonly events: readonly TestEvent[] };

/** How many of the slowest are named. */
const slowest = 8;

/** Characters of what a test failed with: enough for two values that differ. */
const most = 2000;

/** What a test failed with, on one line. */
const onOneLine = (error: unknown): string => {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const message = cause instanceof Error ? cause.message : String(cause);
  return message.trim().replace(/\s+/g, ' ').slice(0, most);
};

const counts = /^(?:tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) /;

/** It tells the counts of one process, which are told for the lane. */
export const isCount = ({ type, data }: TestEvent): boolean =>
  type === 'test:summary' || (type === 'test:diagnostic' && data.nesting === 0 && counts.test(data.message));

const isSo = (mark: string | boolean | undefined): boolean => mark !== undefined && mark !== false;

export const whatCameOut = (seen: readonly Seen[]): { readonly text: string; readonly hasFailed: boolean } => {
  let [passed, skipped] = [0, 0];
  const failures: string[] = [];
  for (const event of seen.flatMap(({ events }) => events)) {
    if (event.type !== 'test:pass' && event.type !== 'test:fail') continue;
    const { skip, todo, details, name, file = '' } = event.data;
    if (details.type === 'suite') continue;
    if (isSo(skip)) skipped += 1;
    else if (event.type === 'test:pass' || isSo(todo)) passed += 1;
    else failures.push(`failed ${relative('dist/test', file)}: ${name}: ${onOneLine(event.data.details.error)}\n`);
  }
  const seconds = (ms: number): string => (ms / 1000).toFixed(1);
  const longest = seen.toSorted((a, b) => b.tookMs - a.tookMs).slice(0, slowest);
  const all = Math.round(seen.reduce((sum, { tookMs }) => sum + tookMs, 0) / 1000);
  return {
    text: [
      `${passed} ${failures.length} ${skipped} ${all}\n`,
      ...failures,
      ...longest.map(({ name, tookMs }) => `${seconds(tookMs)} ${name}\n`),
    ].join(''),
    hasFailed: failures.length > 0,
  };
};
