/**
 * A reporter of node:test for the end of a run. Its first line has three numbers: passed, failed, skipped. A line follows for
 * each test that failed, `failed FILE: TITLE: MESSAGE`, and one for each of the slowest files, `SECONDS FILE`: nobody needs
 * to look for them in thousands of lines.
 */

import { relative } from 'node:path';
import type { TestEvent } from 'node:test/reporters';

/** How many of the slowest files are named. */
const slowest = 8;

/** The first line of what a test failed with, in at most 300 characters. */
const firstLine = (error: unknown): string => {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const message = cause instanceof Error ? cause.message : String(cause);
  return (message.split('\n').find((line) => line.trim() !== '') ?? '').slice(0, 300);
};

const whatCameOut = async function* (source: AsyncIterable<TestEvent>): AsyncGenerator<string, void> {
  let [passed, failed, skipped] = [0, 0, 0];
  const failures: string[] = [];
  const seconds = new Map<string, number>();
  for await (const event of source) {
    if (event.type !== 'test:pass' && event.type !== 'test:fail') continue;
    const { skip, todo, details, name, nesting } = event.data;
    const file = relative('dist/test', event.data.file ?? '');
    if (nesting === 0) seconds.set(file, (seconds.get(file) ?? 0) + details.duration_ms / 1000);
    if (details.type === 'suite') continue;
    if (skip !== undefined && skip !== false) skipped += 1;
    else if (event.type === 'test:pass' || (todo !== undefined && todo !== false)) passed += 1;
    else {
      failed += 1;
      failures.push(`failed ${file}: ${name}: ${firstLine(event.data.details.error)}`);
    }
  }
  yield `${passed} ${failed} ${skipped}\n`;
  yield failures.map((line) => `${line}\n`).join('');
  const order = [...seconds].sort(([, a], [, b]) => b - a).slice(0, slowest);
  yield order.map(([file, took]) => `${took.toFixed(1)} ${file}\n`).join('');
};

// node:test takes what a reporter's file exports as its default.
export { whatCameOut as default };
