import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { asFault, faults } from '../src/base/fault.ts';

const run = promisify(execFile);
const program = fileURLToPath(new URL('fixtures/exhausted.js', import.meta.url));

test('whatever cannot be started for want of descriptors is host_exhausted, and nothing dies of it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'imaged-exhausted-'));
  try {
    for (const spare of [0, 2, 4, 6, 9]) {
      const script = 'ulimit -n 80; exec "$@"';
      const argv = ['-c', script, 'sh', process.execPath, program, String(spare), join(folder, `${spare}.sock`)];
      const { stdout, stderr } = await run('sh', argv);
      assert.equal(stderr, '');
      const told = Object.fromEntries(stdout.trim().split('\n').map((line) => line.split(' '))) as Record<string, string>; // prettier-ignore
      const { afterwards, ...others } = told;
      assert.equal(afterwards, 'ok', stdout);
      assert.deepEqual(Object.keys(others), ['run', 'input', 'held', 'lines', 'detached', 'terminal', 'connect']);
      for (const [what, code] of Object.entries(others))
        assert.ok(['ok', 'host_exhausted'].includes(code), `${what} with ${spare} descriptors: ${code}`);
      if (spare === 0) assert.deepEqual([...new Set(Object.values(others))], ['host_exhausted']);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('a host that has nothing left is infra, wherever it shows', () => {
  const codes = [['EMFILE', 'open'], ['ENFILE', 'accept'], ['ENOMEM', 'spawn'], ['EAGAIN', 'spawn true'], ['ERR_WORKER_INIT_FAILED', '']]; // prettier-ignore
  for (const [code, syscall] of codes) {
    const fault = asFault(Object.assign(new Error(`${code}: ${syscall}`), { code, syscall }));
    assert.deepEqual([fault.code, faults[fault.code].class], ['host_exhausted', 'infra']);
  }
  assert.equal(asFault(Object.assign(new Error('EAGAIN'), { code: 'EAGAIN', syscall: 'read' })).code, 'internal');
});
