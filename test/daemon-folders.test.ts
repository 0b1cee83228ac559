import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { z } from 'zod';
import { untilTrue } from './fixtures/until-true.ts';
import { startImaged, type Imaged } from './fixtures/imaged.ts';
import { cycle } from './fixtures/quick-templates.ts';
import { eventOf, installerMachine, succeeded } from './fixtures/tiny-builds.ts';
import { firstUnlessLong, longOnly } from './fixtures/long.ts';

const tables = '[hypervisor.qemu]\naccelerator = "tcg"';

const Ready = z.object({ checks: z.array(z.object({ name: z.string(), state: z.string(), message: z.string() })) });

const judged = async (imaged: Imaged) => {
  const reply = await imaged.call('/readyz');
  const { checks } = Ready.parse(await reply.json());
  return { status: reply.status, folders: checks.find(({ name }) => name === 'own-folders') };
};

const statusOf = async (imaged: Imaged, id: string): Promise<string> =>
  (await imaged.call(`/builds/${id}/status`)).text();

/** Resolves when the daemon has logged such a line since `from`. */
const logged = async (imaged: Imaged, words: string, from: number): Promise<void> => {
  while (!imaged.lines().slice(from).some((line) => line.includes(words))) await new Promise((resolve) => setTimeout(resolve, 20)); // prettier-ignore
};

/** Puts a file there; the daemon may just have made the folder again that was moved away. */
const putFile = async (path: string): Promise<void> => {
  for (;;)
    try {
      return await writeFile(path, '');
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EISDIR')) throw error;
      await rm(path, { recursive: true, force: true });
    }
};

test('what another version has compiled goes at the next start, and what this one has stays', async () => {
  // Not what all tests share.
  await using imaged = await startImaged({ tables, env: { NODE_COMPILE_CACHE: '' } });
  await imaged.kill('SIGTERM');
  const folder = join(imaged.dataDir, 'compiled');
  const old = join(folder, 'serve-OLD.js', 'v22');
  await mkdir(old, { recursive: true });
  await writeFile(join(old, 'a'), 'compiled');
  await imaged.start();
  await untilTrue(() => !existsSync(join(folder, 'serve-OLD.js')));
  await imaged.kill('SIGTERM');
  const [own, ...others] = await readdir(folder);
  assert.deepEqual(others, []);
  const [ofNode = ''] = await readdir(join(folder, own ?? ''));
  assert.ok((await readdir(join(folder, own ?? '', ofNode))).length > 0);
});

test(
  'run_dir and work that were removed between builds are made again, empty and with their mode',
  longOnly,
  async () => {
    await using imaged = await startImaged({ tables });
    await succeeded(imaged, (await imaged.post({ template: await cycle() })).id);
    for (const name of ['run', 'work']) await rm(join(imaged.dataDir, name), { recursive: true });
    const { status, folders } = await judged(imaged);
    assert.deepEqual([status, folders?.state], [503, 'fail']);
    assert.match(folders?.message ?? '', /^(work below data_dir|run_dir) is gone/);
    await succeeded(imaged, (await imaged.post({ template: await cycle() })).id);
    assert.equal((await stat(join(imaged.dataDir, 'run'))).mode & 0o777, 0o700);
    assert.equal((await judged(imaged)).folders?.state, 'ok');
  },
);

for (const [name, spoil, words] of firstUnlessLong([
  ['builds', 'removed', /builds below data_dir is gone\. Bring it back/],
  ['contexts', 'a file in its place', /contexts below data_dir is not a folder any more/],
  ['run', 'a file in its place', /run_dir is not a folder any more\. Make the folder/],
] as const))
  test(`${name}: ${spoil}: builds wait instead of failing, /readyz says which, and they run when it is back`, async () => {
    await using imaged = await startImaged({ tables });
    const folder = join(imaged.dataDir, name);
    await rename(folder, `${folder}.kept`);
    if (spoil !== 'removed') await putFile(folder);
    const from = imaged.lines().length;
    const { id } = await imaged.post({ template: await cycle() });
    await logged(imaged, 'this host cannot build', from);
    assert.equal(await statusOf(imaged, id), 'queued\n');
    const { status, folders } = await judged(imaged);
    assert.equal(status, 503);
    assert.match(folders?.message ?? '', words);
    assert.ok(!folders?.message.includes(imaged.dataDir), 'strangers read it');
    if (name === 'contexts') {
      const reply = await imaged.call('/builds', { method: 'POST', headers: { 'content-type': 'application/x-tar' }, body: new Uint8Array(10_240) }); // prettier-ignore
      assert.equal(reply.status, 503);
      assert.equal(z.object({ code: z.string() }).parse(await reply.json()).code, 'folder_unusable');
    }
    await rm(folder, { force: true });
    await rename(`${folder}.kept`, folder);
    const { attempt } = await imaged.until(id, ({ status }) => status !== 'queued');
    assert.equal(attempt, 1);
    await imaged.call(`/builds/${id}/cancel`, { method: 'POST' });
    await imaged.ended(id);
  });

test('run_dir that is removed while a machine runs is the fault of the host, and the build is tried again', async () => {
  await using imaged = await startImaged({ tables, settings: 'attempts = 2' });
  const template = {
    name: 'waits',
    machine: await installerMachine(),
    install: {
      console: [
        { hear: String.raw`\(A\)utoinstall or \(S\)hell\? $`, within: '2m', say: 's' },
        { hear: 'never', within: '3s' },
      ],
    },
  };
  const { id } = await imaged.post({ template });
  const first = await eventOf(imaged, id, ({ type }) => type === 'machine.started');
  await rm(join(imaged.dataDir, 'run'), { recursive: true });
  const failed = await imaged.until(id, ({ status, attempt }) => status === 'queued' && attempt === 1);
  assert.deepEqual([failed.fault?.code, failed.fault?.class], ['folder_unusable', 'infra']);
  assert.match(failed.fault?.message ?? '', /run_dir is gone.*Because of that: /s);
  await imaged.until(id, ({ status, attempt }) => status === 'running' && attempt === 2);
  await eventOf(imaged, id, ({ type, seq }) => type === 'machine.started' && seq > first.seq);
  assert.ok(existsSync(join(imaged.dataDir, 'run/imaged-0')));
  await imaged.call(`/builds/${id}/cancel`, { method: 'POST' });
  await imaged.ended(id);
});

test('a store that another program has is told of in time, and not where it lies', async () => {
  await using imaged = await startImaged({ tables });
  const other = new Database(join(imaged.dataDir, 'imaged.db'));
  other.exec('BEGIN IMMEDIATE');
  const reply = await fetch(`${imaged.url()}/readyz`);
  const text = await reply.text();
  other.close();
  assert.equal(reply.status, 503);
  const store = Ready.parse(JSON.parse(text)).checks.find(({ name }) => name === 'store');
  assert.match(store?.message ?? '', /^The store imaged\.db could not be written within 2 s/);
  assert.ok(!text.includes(imaged.dataDir), text);
});

test('a folder that everybody may write is a warning', async () => {
  await using imaged = await startImaged({ tables });
  await chmod(join(imaged.dataDir, 'run'), 0o777);
  const { folders } = await judged(imaged);
  assert.deepEqual([folders?.state, folders?.message], ['warn', 'run_dir may be written by everybody']);
});
