import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { cleanupStack } from '../src/base/cleanup.ts';
import { systemClock } from '../src/base/clock.ts';
import { Fault } from '../src/base/fault.ts';
import { downloadArtifact, type DownloadAsk } from '../src/client/download/download-artifact.ts';
import { rateOf } from '../src/client/download/rate.ts';
import type { DownloadProgress } from '../src/client/download/types.ts';
import { apiShop } from './api-shop.ts';
import { imagectl, imagectlInTerminal } from './fixtures/imagectl.ts';
import { untilTrue } from './fixtures/until-true.ts';
import { aBuild, claimed, failsAs } from './store-shop.ts';

const never = new AbortController().signal;

/**
 * Passes connections on to a port, and cuts each after so many bytes of answers (undefined: never); counts them, and what was asked.
 */
const cuttingProxy = async (to: () => number, cutAfter: () => number | undefined) => {
  const cleanup = cleanupStack();
  const sockets = new Set<Socket>();
  const asked: string[] = [];
  const server = createServer((client) => {
    const upstream = connect(to(), '127.0.0.1');
    let left = cutAfter() ?? Infinity;
    for (const one of [client, upstream]) {
      sockets.add(one);
      one
        .on('error', () => undefined)
        .on('close', () => {
          client.destroy();
          upstream.destroy();
        });
    }
    client.on('data', (bytes) => {
      asked.push(bytes.toString('latin1'));
      upstream.write(bytes);
    });
    upstream.on('data', (bytes: Buffer) => {
      client.write(bytes.subarray(0, left), () => (left <= 0 ? client.resetAndDestroy() : undefined));
      left -= bytes.length;
    });
  });
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  cleanup.defer(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    ranges: () => asked.flatMap((text) => /^range: (.*)\r$/im.exec(text)?.[1] ?? []),
    cutAll: () => sockets.forEach((socket) => socket.destroy()),
    [Symbol.asyncDispose]: () => cleanup[Symbol.asyncDispose](),
  };
};

const desk = async (files: Readonly<Record<string, Buffer>>) => {
  const cleanup = cleanupStack();
  const shop = cleanup.keep(await apiShop());
  const { url, port } = await shop.listen();
  const folder = await mkdtemp(join(tmpdir(), 'imaged-download-'));
  cleanup.defer(() => rm(folder, { recursive: true }));
  const { build } = await shop.store.add(aBuild());
  const { token } = await claimed(shop.store);
  const artifacts = Object.entries(files).map(([name, content]) => ({
    ...{ name, mediaType: 'application/x-raw-disk-image', size: content.length },
    sha256: createHash('sha256').update(content).digest('hex'),
  }));
  for (const [name, content] of Object.entries(files)) await shop.write(shop.folders.artifact(build.id, name), content);
  await shop.write(
    shop.folders.artifact(build.id, 'SHA256'),
    artifacts.map(({ name, sha256 }) => `SHA256 (${name}) = ${sha256}\n`).join(''),
  );
  await shop.store.finish(build.id, token, { status: 'succeeded', artifacts });
  const api = { url, token: shop.auth.authorization.slice('Bearer '.length) };
  const seen: DownloadProgress[] = [];
  return {
    ...{ shop, folder, port, api, seen, id: build.id },
    download: (artifact: string, given: Partial<DownloadAsk> = {}, signal = never) =>
      downloadArtifact(
        { api, build: build.id, artifact, to: folder, resume: false, ...given },
        (one) => seen.push(one),
        signal,
      ),
    ls: async () => (await readdir(folder)).sort(),
    [Symbol.asyncDispose]: () => cleanup[Symbol.asyncDispose](),
  };
};

const large = randomBytes(6 * 2 ** 20);

test('an artifact comes whole, with its progress told, under its name, and nothing else is left', async () => {
  await using here = await desk({ 'a.raw': large, 'empty.raw': Buffer.alloc(0) });
  assert.equal(await here.download('a.raw'), join(here.folder, 'a.raw'));
  assert.ok((await readFile(join(here.folder, 'a.raw'))).equals(large));
  assert.deepEqual(
    [here.seen[0]?.have, here.seen.at(-1)?.have, here.seen.at(-1)?.size],
    [0, large.length, large.length],
  );
  await here.download('empty.raw');
  await here.download('SHA256');
  assert.match(await readFile(join(here.folder, 'SHA256'), 'utf8'), /^SHA256 \(a\.raw\) = /);
  assert.deepEqual(await here.ls(), ['SHA256', 'a.raw', 'empty.raw']);
});

test('through a line that is cut every 500 KB it comes in pieces, each asked for from where the one before ended', async () => {
  await using here = await desk({ 'a.raw': large });
  await using proxy = await cuttingProxy(
    () => here.port,
    () => 500_000,
  );
  await here.download('a.raw', { api: { ...here.api, url: proxy.url } });
  assert.ok((await readFile(join(here.folder, 'a.raw'))).equals(large));
  const starts = proxy.ranges().map((range) => Number(/^bytes=(\d+)-$/.exec(range)?.[1]));
  assert.ok(starts.length >= 10, `${starts.length} ranges were asked for`);
  assert.deepEqual(
    starts,
    starts.toSorted((one, other) => one - other),
  );
  const again = here.seen.findIndex(({ have }, index) => have < (here.seen[index - 1]?.have ?? 0));
  assert.equal(again, -1, 'it never began anew');
});

test('a daemon that is away for a while and comes back at another port costs a download nothing that it has', async () => {
  await using here = await desk({ 'a.raw': large });
  let port = 1;
  await using proxy = await cuttingProxy(
    () => port,
    () => (port === 1 ? undefined : 3_000_000),
  );
  const downloading = here.download('a.raw', { api: { ...here.api, url: proxy.url } });
  await systemClock.sleep(600, never);
  port = here.port;
  await downloading;
  assert.ok((await readFile(join(here.folder, 'a.raw'))).equals(large));
});

test('what an earlier run left is gone on with when that is asked for, and thrown away when not', async () => {
  await using here = await desk({ 'a.raw': large });
  await using proxy = await cuttingProxy(
    () => here.port,
    () => undefined,
  );
  const api = { ...here.api, url: proxy.url };
  const stopped = async () => {
    const stop = new AbortController();
    const downloading = downloadArtifact(
      { api, build: here.id, artifact: 'a.raw', to: here.folder, resume: false },
      ({ have }) => {
        if (have > 1_000_000) stop.abort(new Error('enough'));
      },
      stop.signal,
    );
    await assert.rejects(downloading, /enough/);
    const [part = ''] = await here.ls();
    assert.match(part, /^\.a\.raw\.[0-9a-f]{12}\.part$/);
    return (await readFile(join(here.folder, part))).length;
  };
  const had = await stopped();
  await here.download('a.raw', { api, resume: true });
  assert.deepEqual(proxy.ranges(), [`bytes=${had}-`]);
  assert.ok((await readFile(join(here.folder, 'a.raw'))).equals(large));
  await rm(join(here.folder, 'a.raw'));
  await stopped();
  await here.download('a.raw', { api });
  assert.equal(proxy.ranges().length, 1);
  assert.deepEqual(await here.ls(), ['a.raw']);
});

test('a part that is damaged is fetched anew, and a file that is not what its digest says is not kept', async () => {
  await using here = await desk({ 'a.raw': large });
  const sha256 = createHash('sha256').update(large).digest('hex');
  const part = join(here.folder, `.a.raw.${sha256.slice(0, 12)}.part`);
  await writeFile(part, randomBytes(100_000));
  await here.download('a.raw', { resume: true });
  assert.ok((await readFile(join(here.folder, 'a.raw'))).equals(large));
  await writeFile(part, Buffer.alloc(large.length + 1));
  await here.download('a.raw', { resume: true, existing: 'replace' });
  assert.ok((await readFile(join(here.folder, 'a.raw'))).equals(large));
  await rm(join(here.folder, 'a.raw'));
  await here.shop.write(here.shop.folders.artifact(here.id, 'a.raw'), randomBytes(large.length));
  await assert.rejects(here.download('a.raw'), failsAs('digest_mismatch'));
  assert.deepEqual(await here.ls(), []);
});

test('a file that is there is not replaced unless that is asked for, also when it comes to be there meanwhile', async () => {
  await using here = await desk({ 'a.raw': large });
  const path = join(here.folder, 'a.raw');
  await writeFile(path, 'mine');
  await assert.rejects(
    here.download('a.raw'),
    (error) => error instanceof Fault && /is there already.*--replace/.test(error.message),
  );
  assert.deepEqual([await readFile(path, 'utf8'), here.seen.length], ['mine', 0]);
  await rm(path);
  const ask = { api: here.api, build: here.id, artifact: 'a.raw', to: here.folder, resume: false } as const;
  let written: Promise<void> | undefined;
  await assert.rejects(
    downloadArtifact(ask, () => void (written ??= writeFile(path, 'meanwhile')), never),
    failsAs('invalid_input'),
  );
  await written;
  assert.equal(await readFile(path, 'utf8'), 'meanwhile');
  await here.download('a.raw', { existing: 'replace', resume: true });
  assert.ok((await readFile(path)).equals(large));
});

test('nothing is written outside the folder, whatever the artifact is called and whatever links are there', async () => {
  await using here = await desk({ 'a.raw': large, '../../out': Buffer.from('x') });
  await assert.rejects(
    here.download('../../out'),
    (error) => error instanceof Fault && /cannot be the name of a file here/.test(error.message),
  );
  await using other = await desk({ 'a.raw': large });
  const sha256 = createHash('sha256').update(large).digest('hex');
  const victim = join(other.folder, 'victim');
  await writeFile(victim, 'mine');
  const part = join(other.folder, `.a.raw.${sha256.slice(0, 12)}.part`);
  await symlink(victim, part);
  await assert.rejects(other.download('a.raw'), /ELOOP|EMLINK/);
  await rm(part);
  await symlink(victim, join(other.folder, 'a.raw'));
  await other.download('a.raw', { existing: 'replace' });
  assert.equal(await readFile(victim, 'utf8'), 'mine');
});

test('the API’s own fault is told at once, and a name that is nearly one is told', async () => {
  await using here = await desk({ 'openbsd.raw': large });
  await assert.rejects(
    here.download('openbsd.rw'),
    (error) => error instanceof Fault && error.code === 'not_found' && /openbsd\.raw/.test(error.message),
  );
  await assert.rejects(here.download('openbsd.raw', { api: { url: here.api.url } }), failsAs('unauthorized'));
  await assert.rejects(here.download('openbsd.raw', { build: '01J00000000000000000000000' }), failsAs('not_found'));
});

test('several downloads run at once', async () => {
  const files = Object.fromEntries(Array.from({ length: 4 }, (_, index) => [`${index}.raw`, randomBytes(2 ** 20)]));
  await using here = await desk(files);
  await using proxy = await cuttingProxy(
    () => here.port,
    () => 400_000,
  );
  await Promise.all(Object.keys(files).map((name) => here.download(name, { api: { ...here.api, url: proxy.url } })));
  for (const [name, content] of Object.entries(files))
    assert.ok((await readFile(join(here.folder, name))).equals(content));
});

/** A key of signify(1), and what it signs. */
const signer = () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  const number = randomBytes(8);
  const lines = (about: string, bytes: Buffer) =>
    `untrusted comment: ${about}\n${Buffer.concat([Buffer.from('Ed'), number, bytes]).toString('base64')}\n`;
  return {
    publicText: lines('a public key', raw),
    signatureOf: (message: Buffer, embed = false) =>
      Buffer.concat([
        Buffer.from(lines('verify with a.pub', sign(null, message, privateKey))),
        embed ? message : Buffer.alloc(0),
      ]),
  };
};

test('a signature of signify proves the file, its own or that of a list with its digest, and another key or none does not', async () => {
  const [key, other] = [signer(), signer()];
  const content = randomBytes(10_000);
  const hex = createHash('sha256').update(content).digest('hex');
  const sums = Buffer.from(`SHA256 (b.raw) = ${hex}\n`);
  await using here = await desk({
    'a.raw': content,
    'a.raw.sig': key.signatureOf(content),
    'b.raw': content,
    'list.sha256': sums,
    'list.sha256.sig': key.signatureOf(sums),
  });
  const publicKey = join(here.folder, 'host.pub');
  const otherKey = join(here.folder, 'other.pub');
  await writeFile(publicKey, key.publicText);
  await writeFile(otherKey, other.publicText);
  for (const name of ['a.raw', 'b.raw']) {
    await assert.rejects(here.download(name, { publicKey: otherKey }), failsAs('digest_mismatch'));
    await here.download(name, { publicKey });
  }
  await using embedded = await desk({
    'c.raw': content,
    'list.sig': key.signatureOf(Buffer.from(`SHA256 (c.raw) = ${hex}\n`), true),
  });
  await embedded.download('c.raw', { publicKey });
  await using forged = await desk({
    'd.raw': content,
    'list.sig': Buffer.concat([key.signatureOf(sums), Buffer.from(`SHA256 (d.raw) = ${hex}\n`)]),
  });
  await assert.rejects(forged.download('d.raw', { publicKey }), failsAs('digest_mismatch'));
  // Another key's signature, a damaged one and one of what is no list stand before that of the list.
  await using among = await desk({
    'c.raw': content,
    '1.sig': other.signatureOf(sums, true),
    '2.sig': Buffer.from('no signature'),
    '3.img': Buffer.alloc(2 * 2 ** 20),
    '3.img.sig': key.signatureOf(Buffer.alloc(2 * 2 ** 20)),
    'list.sig': key.signatureOf(Buffer.from(`SHA256 (c.raw) = ${hex}\n`), true),
  });
  await among.download('c.raw', { publicKey });
  await using unsigned = await desk({ 'e.raw': content });
  await assert.rejects(unsigned.download('e.raw', { publicKey }), /has no signature of e\.raw/);
  await assert.rejects(
    unsigned.download('e.raw', { publicKey: join(here.folder, 'a.raw') }),
    failsAs('configuration_invalid'),
  );
});

test('the rate is of the last seconds, and is nothing before two moments are known', () => {
  let now = 0;
  const rate = rateOf({ elapsed: () => now });
  assert.equal(rate(0), 0);
  now = 1000;
  assert.equal(rate(5000), 5000);
  for (now = 2000; now <= 20_000; now += 1000) rate(5000);
  assert.equal(rate(5000), 0);
});

test('imagectl downloads several at once, over a daemon that is away at first and again in the middle, and proves digest and signature', async () => {
  const key = signer();
  const files = { 'a.raw': large, 'b.raw': randomBytes(2 ** 20), 'c.raw': randomBytes(2 ** 20) };
  const signatures = Object.entries(files).map(([name, content]) => [`${name}.sig`, key.signatureOf(content)] as const);
  await using here = await desk({ ...files, ...Object.fromEntries(signatures) });
  let port = 1;
  await using proxy = await cuttingProxy(
    () => port,
    () => 1_500_000,
  );
  const publicKey = join(here.folder, 'host.pub');
  await writeFile(publicKey, key.publicText);
  const env = { IMAGED_URL: proxy.url, IMAGED_TOKEN: here.api.token };
  const args = ['download', here.id, ...Object.keys(files), '-o', here.folder, '--key', publicKey];
  await using terminal = imagectlInTerminal(args, env, { columns: 200 });
  await terminal.shows(/cannot be reached: .*Asking again for 60 s/);
  port = here.port;
  await untilTrue(async () => (await here.ls()).some((name) => name.endsWith('.part')));
  port = 1;
  proxy.cutAll();
  const tries = proxy.asked.length;
  await untilTrue(() => proxy.asked.length > tries);
  port = here.port;
  assert.equal(await terminal.ended, 0, await terminal.screen());
  for (const [name, content] of Object.entries(files))
    assert.ok((await readFile(join(here.folder, name))).equals(content));
  assert.deepEqual(await here.ls(), [...Object.keys(files), 'host.pub']);
  assert.ok(proxy.ranges().some((range) => range !== 'bytes=0-'));
});

test('imagectl refuses an artifact with another digest or of another key with 1, and leaves nothing under its name', async () => {
  const [key, other] = [signer(), signer()];
  const content = randomBytes(10_000);
  await using here = await desk({ 'a.raw': content, 'a.raw.sig': key.signatureOf(content) });
  const publicKey = join(here.folder, 'other.pub');
  await writeFile(publicKey, other.publicText);
  const env = { IMAGED_URL: here.api.url, IMAGED_TOKEN: here.api.token };
  const download = (...more: readonly string[]) =>
    imagectl(['download', here.id, 'a.raw', '-o', here.folder, ...more], env);
  const unproven = await download('--key', publicKey);
  assert.equal(unproven.code, 1, unproven.stderr);
  await here.shop.write(here.shop.folders.artifact(here.id, 'a.raw'), randomBytes(content.length));
  const wrong = await download();
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /a\.raw came with SHA-256 [0-9a-f]{64}, not [0-9a-f]{64}\. Nothing of it is kept/);
  assert.ok(!(await here.ls()).includes('a.raw'));
});
