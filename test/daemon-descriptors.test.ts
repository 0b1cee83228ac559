import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { z } from 'zod';
import { connectionLimits, descriptorLimit, descriptorsNeeded, limitOfReport } from '../src/base/descriptors.ts';
import { BuildView, imagedProgram, startImaged, type Imaged } from './fixtures/imaged.ts';
import { cycle } from './fixtures/quick-templates.ts';
import { succeeded } from './fixtures/tiny-builds.ts';
import { firstUnlessLong } from './fixtures/long.ts';
import { isLong } from './fixtures/hypervisor.ts';

const run = promisify(execFile);

const openFiles = async (pid: number): Promise<number> => (await readdir(`/proc/${pid}/fd`)).length;

/**
 * The milliseconds that this process has stood in line for a processor, for what else runs on the machine: the second field
 * of Linux's schedstat (Documentation/scheduler/sched-stats.rst).
 */
const inLineMs = (pid: number): number => Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6;

/** A client without a token that opens as many connections as it can, again and again, in a process of its own. */
const attack = async (url: string, count: number) => {
  const program = fileURLToPath(new URL('fixtures/idle-connections.js', import.meta.url));
  const child = spawn(process.execPath, [program, new URL(url).port, String(count)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return {
    [Symbol.asyncDispose]: async () => {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
  };
};

const healthOf = (port: number): Promise<string> =>
  new Promise((resolve) => {
    const socket: Socket = connect({ host: '127.0.0.1', port }).on('error', () => undefined);
    let text = '';
    socket.on('data', (part: Buffer) => (text += part.toString()));
    socket.once('close', () => resolve(text));
    socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  });

/** Asks as a CI does, again when it is told to come later. */
const persistent = async <T>(schema: z.ZodType<T>, ask: () => Promise<Response>): Promise<T> => {
  for (;;) {
    const reply = await ask().catch(() => undefined);
    if (reply?.ok) return schema.parse(await reply.json());
    if (reply !== undefined) assert.equal(reply.status, 503, await reply.text());
    await sleep(50);
  }
};

const hasEnded = ({ status }: BuildView): boolean => ['succeeded', 'failed', 'cancelled'].includes(status);

const underAttack = async (imaged: Imaged, limit: number) => {
  const port = Number(new URL(imaged.url()).port);
  await succeeded(imaged, (await imaged.post({ template: await cycle() })).id);
  const before = await openFiles(imaged.pid());
  {
    await using _attack = await attack(imaged.url(), idle);
    const body = JSON.stringify({ template: await cycle() });
    const headers = { 'content-type': 'application/json', 'idempotency-key': 'under-attack' };
    let build = await persistent(BuildView, () => imaged.call('/builds', { method: 'POST', headers, body }));
    let most = 0;
    const answeredMs: number[] = [];
    while (!hasEnded(build)) {
      const inLine = () => inLineMs(imaged.pid()) + inLineMs(process.pid);
      const [lineBefore, startedAt] = [inLine(), performance.now()];
      const reply = await healthOf(port);
      const ms = performance.now() - startedAt - (inLine() - lineBefore);
      assert.match(reply, /^HTTP\/1\.1 (200 |503 [^]*\r\nretry-after: )/i);
      if (reply.startsWith('HTTP/1.1 200')) answeredMs.push(ms);
      most = Math.max(most, await openFiles(imaged.pid()));
      build = await persistent(BuildView, () => imaged.call(`/builds/${build.id}`));
    }
    assert.equal(build.status, 'succeeded', JSON.stringify(build.fault));
    const median = answeredMs.sort((a, b) => a - b)[Math.floor(answeredMs.length / 2)];
    assert.ok(median !== undefined, 'nobody else was let in');
    // Without what it or this test waited for a processor; one that waits for its turn all the same says nothing.
    assert.ok(median < 1000, `half of /healthz took ${median} ms and more`);
    console.log(`half of ${answeredMs.length} times /healthz took less than ${median.toFixed(1)} ms`);
    assert.ok(most < limit, `${most} of ${limit} files were open`);
  }
  const settled = async (): Promise<boolean> => (await openFiles(imaged.pid())) <= before + 2;
  for (let tries = 0; !(await settled()); tries++) {
    assert.ok(tries < 100, `${await openFiles(imaged.pid())} files are open, and ${before} were before`);
    await sleep(100);
  }
  assert.match(await healthOf(port), /^HTTP\/1\.1 200 /);
};

const idle = isLong ? 2000 : 600;
for (const limit of firstUnlessLong([256, 1024]))
  test(`${idle} idle connections without a token keep no build from its end (ulimit -n ${limit})`, async () => {
    await using imaged = await startImaged({ openFiles: limit, tables: '[hypervisor.qemu]\naccelerator = "tcg"' });
    await underAttack(imaged, limit);
  });

test('too few open files are one line with what is there, what is needed and what to do', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'imaged-files-'));
  const file = join(folder, 'imaged.toml');
  await writeFile(file, `listen = "127.0.0.1:0"\ndata_dir = "${join(folder, 'data')}"\nworkers = 4\n`);
  try {
    for (const limit of [24, 32, 48, 64, 96, 128]) {
      const script = `ulimit -n ${limit}; exec "$@"`;
      const { code, stderr } = await run('sh', [
        '-c',
        script,
        'sh',
        process.execPath,
        imagedProgram,
        'serve',
        '-f',
        file,
      ]).then(
        () => ({ code: 0, stderr: '' }),
        (error: unknown) => error as { code: number; stderr: string },
      );
      assert.equal(code, 1, stderr);
      assert.equal(
        stderr,
        `imaged: This process may open ${limit} files, and 4 workers need ${descriptorsNeeded(4)}: raise it with LimitNOFILE=${descriptorsNeeded(4)} in the systemd unit, or ulimit -n ${descriptorsNeeded(4)} in the shell, or set fewer workers.\n`,
      );
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('the limit that Linux writes is the one that the report of Node has', () => {
  assert.equal(descriptorLimit(), limitOfReport());
  assert.ok(Number.isInteger(descriptorLimit()) && descriptorLimit() > 0);
});

test('the API leaves what machines need, and the configuration may ask for less than the limit has', () => {
  assert.ok(descriptorLimit() >= 64);
  for (const [limit, workers] of [
    [256, 2],
    [1024, 2],
    [1024, 17],
    [20_000, 250],
  ] as const) {
    // prettier-ignore
    const { connections, waitsPerToken } = connectionLimits(limit, { workers, limits: {} });
    assert.ok(connections.all >= 16 && descriptorsNeeded(workers, connections.all) <= limit, `${limit} ${workers}`);
    assert.ok(connections.perAddress < connections.all && waitsPerToken < connections.all);
  }
  assert.ok(connectionLimits(20_000, { workers: 2, limits: {} }).waitsPerToken >= 2000, 'the 2,000 long polls of the benchmark'); // prettier-ignore
});
