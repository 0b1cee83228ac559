/** Loaded before each file of tests. Says what keeps its process when its tests have ended, and ends it as failed. */

import { after } from 'node:test';

/** Milliseconds in which what the tests have closed is gone, on a busy machine too. */
const patience = 60_000;

after(() => {
  setTimeout(() => {
    const kept = process.getActiveResourcesInfo().join(', ');
    process.stderr.write(`${process.argv[1] ?? ''}: its tests ended a minute ago, and its process did not: ${kept}\n`);
    process.exit(1);
  }, patience).unref();
});
