/** A reporter of node:test that tells three numbers when all tests have ended: passed, failed, skipped. */

import type { TestEvent } from 'node:test/reporters';

const countTests = async function* (source: AsyncIterable<TestEvent>): AsyncGenerator<string, void> {
  let [passed, failed, skipped] = [0, 0, 0];
  for await (const event of source) {
    if (event.type !== 'test:pass' && event.type !== 'test:fail') continue;
    const { skip, todo, details } = event.data;
    if (details.type === 'suite') continue;
    if (skip !== undefined && skip !== false) skipped += 1;
    else if (event.type === 'test:pass' || (todo !== undefined && todo !== false)) passed += 1;
    else failed += 1;
  }
  yield `${passed} ${failed} ${skipped}\n`;
};

// node:test takes what a reporter's file exports as its default.
export { countTests as default };
