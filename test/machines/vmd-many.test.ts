import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';
import { release } from '../fixtures/hypervisor.ts';
import { daemonId, startVmd } from '../fixtures/vmd.ts';

const run = promisify(execFile);
const program = fileURLToPath(new URL('../fixtures/many-machines.js', import.meta.url));

const Said = z.object({
  startMs: z.number(),
  stopMs: z.number(),
  calls: z.number(),
  seconds: z.number(),
  ended: z.array(z.string()),
});

// A user of 7.2 has four machines.
const count = release === '7.2' ? 4 : 64;

test(`${count} machines at once are started, watched with fewer than 3 vmctl a second, and stopped`, async (t) => {
  await using vmd = await startVmd({ release, guests: 'none' });
  const folder = join(vmd.folder, 'many');
  await mkdir(folder);
  await chown(folder, daemonId, daemonId);
  const counting = join(folder, 'vmctl');
  await writeFile(counting, `#!/bin/sh\necho "$1" >>${folder}/calls\nexec ${vmd.bin}/vmctl "$@"\n`);
  await chmod(counting, 0o755);
  const [file, ...args] = vmd.inside(
    [
      process.execPath,
      program,
      counting,
      join(vmd.bin, 'ifconfig'),
      vmd.socket,
      vmd.release,
      folder,
      String(count),
      '10',
    ],
    'imaged',
  );
  const { stdout } = await run(file, args);
  const said = Said.parse(JSON.parse(stdout));
  t.diagnostic(
    `${count} machines: started in ${said.startMs} ms, ${said.calls / said.seconds} vmctl a second while they ran, stopped in ${said.stopMs} ms`,
  );
  assert.ok(said.calls / said.seconds < 3, `${said.calls} calls in ${said.seconds} s`);
  assert.deepEqual(
    said.ended,
    Array.from({ length: count }, () => 'stopped'),
  );
  assert.doesNotMatch((await vmd.vmctl('status')).stdout, /imaged-\d/);
});
