import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Fault, type FaultCode } from '../src/base/fault.ts';
import { availableMb } from '../src/image/space.ts';
import { runProgram } from '../src/base/program.ts';
import { processesOfProc, processesOfPs, processesWith, processesWithAny } from '../src/vmm/processes.ts';

const { signal } = new AbortController();
const failsAs = (code: FaultCode) => (error: unknown) => error instanceof Fault && error.code === code;

test('ps(1) tells the command line of a process whole, as /proc does', async () => {
  const command = ['sh', '-c', 'read _', 'a name', `--long=${'x'.repeat(5000)}`];
  const [file = '', ...args] = command;
  const child = spawn(file, args, { stdio: ['pipe', 'ignore', 'ignore'] });
  await once(child, 'spawn');
  try {
    for (const processes of [await processesOfPs(signal), await processesOfProc()]) {
      const found = processes.find(({ pid }) => pid === child.pid);
      assert.equal(found?.command.trim(), command.join(' '));
    }
  } finally {
    child.stdin.end();
    await once(child, 'exit');
  }
});

test('a process of another user is none of ours, whatever its command line says', async () => {
  const mark = ` --mark=${process.pid}-of-another `;
  const child = spawn('sh', ['-c', 'read _', 'a name', mark.trim(), 'end'], { stdio: ['pipe', 'ignore', 'ignore'] });
  await once(child, 'spawn');
  try {
    const own = process.getuid?.() ?? 0;
    assert.deepEqual(await processesWith([mark], signal), [child.pid]);
    if (own !== 0) assert.deepEqual(await processesWithAny([[mark]], signal, own), [child.pid]);
    assert.deepEqual(await processesWithAny([[mark]], signal, own + 1), []);
    // Root ends those of machines, which run as users of their own.
    assert.deepEqual(await processesWithAny([[mark]], signal, 0), [child.pid]);
  } finally {
    child.stdin.end();
    await once(child, 'exit');
  }
});

test('a file system that is fuller than its users may fill it has no room left', () => {
  const bsize = 2048;
  assert.equal(availableMb({ bavail: 512, blocks: 1024, bsize }), 1);
  // -512 in the 64 bits without a sign in which Node has it from libuv.
  assert.equal(availableMb({ bavail: Number(2n ** 64n - 512n), blocks: 1024, bsize }), 0);
  assert.equal(availableMb({ bavail: -512, blocks: 1024, bsize }), 0);
});

test('exit code 127 is a missing program only where there is none', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'imaged-portable-'));
  try {
    const script = join(folder, 'script');
    const write = async (text: string) => {
      await writeFile(script, `#!/bin/sh\n${text}\nexit 127\n`);
      await chmod(script, 0o755);
    };
    const run = (file: string, path = folder) => runProgram(file, [], { signal, env: { PATH: path } });
    await write('');
    await assert.rejects(run(script), failsAs('program_failed'));
    await assert.rejects(run('script', `${folder}:/usr/bin:/bin`), failsAs('program_failed'));
    // As where the system says only by this code that there was nothing to run.
    await write('/bin/rm "$0"');
    await assert.rejects(run(script), failsAs('program_missing'));
    await assert.rejects(run('no-such-program'), failsAs('program_missing'));
  } finally {
    await rm(folder, { recursive: true });
  }
});
