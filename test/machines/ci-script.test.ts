import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { z } from 'zod';
import { startImaged, type Imaged } from '../fixtures/imaged.ts';
import { longOnly } from '../fixtures/long.ts';
import { cycle, cycleDigest } from '../fixtures/quick-templates.ts';

const script = join(import.meta.dirname, '..', '..', '..', 'examples', 'ci', 'build-image');
const run = promisify(execFile);
const tables = '[hypervisor.qemu]\naccelerator = "tcg"';

const digestOf = async (path: string) =>
  createHash('sha256')
    .update(await readFile(path))
    .digest('hex');

/** A job of a CI: a folder of its own with a context in it. */
const job = async (template: unknown) => {
  const folder = await mkdtemp(join(tmpdir(), 'ci-script-'));
  await mkdir(join(folder, 'image'));
  await writeFile(join(folder, 'image', 'template.json'), JSON.stringify(template));
  const out = join(folder, 'out');
  return {
    context: join(folder, 'image'),
    out,
    result: async () => z.object({ id: z.string(), status: z.string() }).parse(JSON.parse(await readFile(join(out, 'build.json'), 'utf8'))), // prettier-ignore
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
};
type Job = Awaited<ReturnType<typeof job>>;

/** What stands in front of the daemon, at one address for ever; `cutAfter` says of a request after how many bytes its answer is cut. */
const relay = async (imaged: Imaged, cutAfter: (head: string) => number | undefined = () => undefined) => {
  const server = createServer((client) => {
    const daemon = connect(Number(new URL(imaged.url()).port), '127.0.0.1');
    for (const socket of [client, daemon]) socket.on('error', () => undefined);
    let most: number | undefined;
    let bytes = 0;
    client.on('data', (data) => (most ??= cutAfter(data.toString('latin1'))));
    client.pipe(daemon);
    daemon.on('data', (data) => {
      client.write(data);
      bytes += data.length;
      if (most !== undefined && bytes > most) client.destroy();
    });
    daemon.on('close', () => client.destroySoon());
    client.on('close', () => daemon.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = z.object({ port: z.number() }).parse(server.address());
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => void (await new Promise((resolve) => server.close(resolve))),
  };
};

const start = (
  imaged: Imaged,
  { context, out }: Job,
  key: string,
  url = imaged.url(),
  more: readonly string[] = [],
) => {
  const child = spawn('sh', [script, '-t', '300', context, out, ...more], {
    stdio: ['ignore', 'inherit', 'pipe'],
    env: { ...process.env, IMAGED_URL: url, IMAGED_TOKEN: imaged.token, IMAGED_KEY: key },
  });
  let words = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (words += text));
  const ended = once(child, 'close').then(([code]) => ({ code: z.number().nullable().parse(code), words }));
  return {
    ended,
    kill: (signal: NodeJS.Signals) => child.kill(signal),
    said: async (what: string) => {
      while (!words.includes(what))
        await Promise.race([once(child.stderr, 'data'), ended.then(() => assert.fail(words))]);
    },
  };
};

test('a job gets its image though the daemon is not there at first and is killed under the build', async () => {
  await using imaged = await startImaged({ tables });
  await using own = await job(await cycle());
  await using front = await relay(imaged);
  await imaged.kill('SIGKILL');
  const running = start(imaged, own, 'first', front.url, ['label=what=a b&c', 'label=other=ü']);
  await imaged.start();
  await running.said(`${front.url}/builds/`);
  await imaged.kill('SIGKILL');
  await imaged.start();
  const { code, words } = await running.ended;
  assert.equal(code, 0, words);
  assert.equal(await digestOf(join(own.out, 'cycle.raw')), cycleDigest);
  assert.deepEqual((await readdir(own.out)).toSorted(), [
    'SHA256',
    'build.json',
    'build.log',
    'cycle.raw',
    'result.json',
  ]);
  assert.deepEqual(await readdir(own.context), ['template.json']);
  const { id } = await own.result();
  const view = z
    .object({ labels: z.record(z.string(), z.string()) })
    .parse(await (await imaged.call(`/builds/${id}`)).json());
  assert.deepEqual(view.labels, { what: 'a b&c', other: 'ü' });
});

test('a bad template is refused with its places, and a folder within the context is no place for what comes out', async () => {
  await using imaged = await startImaged({ tables });
  await using own = await job(await cycle({ memroy: 1 }));
  const refused = await start(imaged, own, 'bad').ended;
  assert.equal(refused.code, 2, refused.words);
  assert.match(refused.words, /"pointer":"[^"]*\/memroy"/);
  const within = await start(imaged, { ...own, out: join(own.context, 'out') }, 'within').ended;
  assert.equal(within.code, 2);
  assert.match(within.words, /lies in .* name another folder/);
});

test(
  'a failed build says why; asked again with its key it is the same one, with another key it is built again',
  longOnly,
  async () => {
    await using imaged = await startImaged({ tables });
    const fails = { console: [{ hear: 'what it never says', within: '1m', refuse: ['cycle#'] }], ends: 'halt' };
    await using own = await job(await cycle({ install: fails }));
    const ids: string[] = [];
    for (const key of ['run-1', 'run-1', 'run-2']) {
      const { code, words } = await start(imaged, own, key).ended;
      assert.equal(code, 1, words);
      assert.match(words, /"code":"console_refused"/);
      ids.push((await own.result()).id);
    }
    assert.equal(ids[0], ids[1]);
    assert.notEqual(ids[0], ids[2]);
  },
);

test('a job that is cancelled cancels its build at once', async () => {
  await using imaged = await startImaged({ tables });
  const waits = { console: [{ hear: 'what it never says', within: '5m' }], ends: 'halt' };
  await using own = await job(await cycle({ install: waits }));
  const running = start(imaged, own, 'cancelled');
  await running.said(`${imaged.url()}/builds/`);
  running.kill('SIGTERM');
  const { code, words } = await running.ended;
  assert.equal(code, 130, words);
  assert.equal((await imaged.ended((await own.result()).id)).status, 'cancelled');
});

test('a download that is cut goes on where it was', longOnly, async () => {
  await using imaged = await startImaged({ tables });
  await using own = await job(await cycle());
  const asked: string[] = [];
  await using front = await relay(imaged, (head) => {
    if (!head.includes('/artifacts/cycle.raw')) return undefined;
    asked.push(/^range: .*$/im.exec(head)?.[0].trim() ?? 'whole');
    return asked.length === 1 ? 2 ** 19 : undefined;
  });
  const { code, words } = await start(imaged, own, 'cut', front.url).ended;
  assert.equal(code, 0, words);
  assert.equal(await digestOf(join(own.out, 'cycle.raw')), cycleDigest);
  assert.equal(asked[0], 'whole');
  assert.match(asked[1] ?? 'none', /^range: bytes=[1-9]\d+-$/i);
});

test('what variables.json holds is read and deleted: it is in no folder of the daemon, and its places have its name', async () => {
  await using imaged = await startImaged({ tables });
  const secret = 'correct-horse-battery';
  const hears = {
    console: [
      { hear: 'cycle# $', say: '{{ http_url }}/payload' },
      { hear: 'what it never says', within: '5m' },
    ],
    ends: 'halt',
  };
  const variables = { password: { required: true, sensitive: true }, plain: { default: 'x' } };
  await using own = await job(await cycle({ variables, install: hears, http: { payload: { content: 'x\n' }, secret: { content: '{{ password }}' } } })); // prettier-ignore
  const given = (values: object) => writeFile(join(own.context, 'variables.json'), JSON.stringify(values));
  await given({ password: secret, plian: 'y' });
  const refused = await start(imaged, own, 'wrong').ended;
  assert.equal(refused.code, 2, refused.words);
  assert.match(refused.words, /"pointer":"variables\.json:\/plian"/);
  await given({ password: secret });
  const twice = await start(imaged, own, 'twice', imaged.url(), ['variable=password=y']).ended;
  assert.match(twice.words, /"pointer":"query:\/variable\/password","message":"stands in variables\.json too"/);
  const running = start(imaged, own, 'good');
  await running.said(`${imaged.url()}/builds/`);
  const { id } = await own.result();
  await imaged.until(id, ({ phase }) => phase === 'installing');
  const kept = await run('grep', ['-rl', secret, imaged.dataDir]).catch(() => ({ stdout: '' }));
  // The store keeps the values until the build has ended.
  assert.deepEqual(
    kept.stdout.split('\n').filter((path) => path !== '' && !/\/imaged\.db(?:-wal)?$/.test(path)),
    [],
  );
  const input = await (await imaged.call(`/builds/${id}/input`)).text();
  assert.ok(!input.includes(secret) && input.includes('<sensitive>'), input);
  running.kill('SIGTERM');
  assert.equal((await running.ended).code, 130);
});
