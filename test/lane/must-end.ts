/**
 * Loaded before each file of tests. Hundreds of them load the same modules: what one has compiled, the others read, where
 * `IMAGED_COMPILED` names a folder for it. Says what keeps its process when its tests have ended, and ends it as failed.
 */

import { enableCompileCache } from 'node:module';
import { after } from 'node:test';

const compiled = process.env['IMAGED_COMPILED'];
if (compiled !== undefined) enableCompileCache(compiled);

/** Milliseconds in which what the tests have closed is gone, on a busy machine too. */
const patience = 60_000;

after(() => {
  setTimeout(() => {
    const kept = process.getActiveResourcesInfo().join(', ');
    process.stderr.write(`${process.argv[1] ?? ''}: its tests ended a minute ago, and its process did not: ${kept}\n`);
    process.exit(1);
  }, patience).unref();
});
