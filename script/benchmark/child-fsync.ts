/** Appends a page to a file and fsyncs it, again and again, and prints the milliseconds that each took as JSON. usage: child-fsync FILE COUNT */

import { closeSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { performance } from 'node:perf_hooks';

const [file = '', count = ''] = process.argv.slice(2);
const page = Buffer.alloc(4096, 1);
const opened = openSync(file, 'wx');
const times = Array.from({ length: Number(count) }, () => {
  const began = performance.now();
  writeSync(opened, page);
  fsyncSync(opened);
  return performance.now() - began;
});
closeSync(opened);
rmSync(file);
process.stdout.write(JSON.stringify(times));
