import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { test } from 'node:test';
import { cutOnce, fetchShop, fileServer, hexOf, leadsTo, never, sumOf, untold, whole } from './fetch-shop.ts';
import { untilTrue } from './fixtures/until-true.ts';
import { failsAs } from './store-shop.ts';

const bytes = randomBytes(1_500_000);
const other = randomBytes(1000);

test('a file is fetched once, has its digest, and is there for the next who wants it', async () => {
  await using server = await fileServer({ '/a.iso': whole(bytes) });
  for (const algorithm of ['sha256', 'sha512', 'sha1', 'md5']) {
    await using shop = await fetchShop([`127.0.0.1:${server.port}`]);
    const wanted = { urls: [server.at('/a.iso')], checksum: sumOf(bytes, algorithm) };
    using first = await shop.fetcher.take(wanted, untold, never());
    using again = await shop.fetcher.take(wanted, untold, never());
    assert.deepEqual(await readFile(first.path), bytes);
    assert.deepEqual([first.url, again.url, again.bytes], [server.at('/a.iso'), undefined, bytes.length]);
  }
  assert.equal(server.asked.length, 4);
});

test('two that want one file fetch it once, and one that gives up does not take it from the other', async () => {
  let goOn: () => void = untold;
  await using server = await fileServer({
    '/a': (_request, response) => {
      response.writeHead(200, { 'content-length': bytes.length });
      response.write(bytes.subarray(0, 1000));
      goOn = () => response.end(bytes.subarray(1000));
    },
  });
  await using shop = await fetchShop([`127.0.0.1:${server.port}`]);
  const wanted = { urls: [server.at('/a')], checksum: sumOf(bytes) };
  const leaving = new AbortController();
  const left = shop.fetcher.take(wanted, untold, leaving.signal);
  const stays = shop.fetcher.take(wanted, untold, never());
  await untilTrue(() => server.asked.length === 1);
  leaving.abort(new Error('cancelled'));
  await assert.rejects(left, /cancelled/);
  await untilTrue(() => goOn !== untold);
  goOn();
  using taken = await stays;
  assert.equal(taken.bytes, bytes.length);
  assert.equal(server.asked.length, 1);
});

test('a download that breaks goes on behind what has come', async () => {
  await using server = await fileServer({ '/a': cutOnce(bytes) });
  await using shop = await fetchShop([`127.0.0.1:${server.port}`]);
  using taken = await shop.fetcher.take({ urls: [server.at('/a')], checksum: sumOf(bytes) }, untold, never());
  assert.equal(hexOf(await readFile(taken.path)), hexOf(bytes));
  const [first, second] = server.asked;
  assert.equal(first?.range, undefined);
  assert.match(second?.range ?? '', /^bytes=[1-9]\d*-$/);
});

test('another file than the digest names is refused, and nothing of it stays', async () => {
  await using server = await fileServer({ '/a': whole(other) });
  await using shop = await fetchShop([`127.0.0.1:${server.port}`]);
  const taking = shop.fetcher.take({ urls: [server.at('/a')], checksum: sumOf(bytes) }, untold, never());
  await assert.rejects(taking, (error: Error) => {
    failsAs('digest_mismatch')(error);
    assert.match(error.message, new RegExp(`SHA-256 is ${hexOf(other)}, not ${hexOf(bytes)}`));
    return true;
  });
  assert.deepEqual(await readdir(shop.folder), []);
});

test('URLs are tried in their order, and the fault tells of each', async () => {
  await using server = await fileServer({ '/wrong': whole(other), '/right': whole(bytes) });
  await using shop = await fetchShop([`127.0.0.1:${server.port}`]);
  const urls = ['/gone', '/wrong', '/right'].map((path) => server.at(path));
  using taken = await shop.fetcher.take({ urls, checksum: sumOf(bytes) }, untold, never());
  assert.equal(taken.url, server.at('/right'));
  const failing = shop.fetcher.take({ urls: urls.slice(0, 2), checksum: sumOf(randomBytes(8)) }, untold, never());
  await assert.rejects(failing, /\/gone: upstream answered 404.*\/wrong is not the file/s);
});

test('a file that is too large, too slow, silent or too late is given up', async () => {
  const drip = (everyMs: number) => (_request: unknown, response: ServerResponse) => {
    response.writeHead(200, { 'content-length': bytes.length });
    const timer = setInterval(() => response.write('x'), everyMs);
    response.on('close', () => clearInterval(timer));
  };
  await using server = await fileServer({
    '/large': whole(bytes),
    '/endless': (_request, response) => {
      const more = () => void response.write(bytes, (error) => (error ? undefined : more()));
      more();
    },
    '/drip': drip(20),
    '/silent': (_request, response) => void response.writeHead(200, { 'content-length': 10 }).write('x'),
  });
  const take = async (path: string, limits: Parameters<typeof fetchShop>[1]) => {
    await using shop = await fetchShop([`127.0.0.1:${server.port}`], limits);
    await shop.fetcher.take({ urls: [server.at(path)], checksum: sumOf(bytes) }, untold, never());
  };
  await assert.rejects(take('/large', { limits: { mostBytes: 1000 } }), failsAs('fetch_refused'));
  await assert.rejects(take('/endless', {}), failsAs('fetch_refused'));
  const slow = { leastRate: { bytes: 1000, windowMs: 200 } };
  await assert.rejects(take('/drip', { limits: slow }), /only \d+ bytes came in/);
  await assert.rejects(take('/silent', { limits: { silentMs: 100 } }), failsAs('fetch_failed'));
  await assert.rejects(take('/drip', { limits: { timeoutMs: 300 } }), /took longer than the 0\.3 s/);
});

test('the digest may stand in a list, in the form of GNU or BSD, which is fetched by the same rules', async () => {
  const sums = [
    `${hexOf(other)}  other.iso\n${hexOf(bytes)} *./a.iso\n`,
    `SHA256 (a.iso) = ${hexOf(bytes)}\nSHA256 (other.iso) = ${hexOf(other)}\n`,
    `${hexOf(bytes, 'sha512')}\n`,
  ];
  const paths = Object.fromEntries(sums.map((text, at) => [`/sums${at}`, whole(Buffer.from(text))]));
  await using server = await fileServer({ '/a.iso': whole(bytes), '/none': whole(Buffer.from('nothing\n')), ...paths });
  await using shop = await fetchShop([`127.0.0.1:${server.port}`]);
  const take = (list: string) =>
    shop.fetcher.take({ urls: [server.at('/a.iso')], checksum: { list } }, untold, never());
  for (const path of Object.keys(paths)) {
    using taken = await take(server.at(path));
    assert.equal(hexOf(await readFile(taken.path)), hexOf(bytes), path);
  }
  await assert.rejects(take(server.at('/none')), /has no digest for a\.iso/);
  await assert.rejects(take('http://elsewhere.test/sums'), failsAs('fetch_refused'));
});

test('what is in use is not evicted, and the least recently used goes first', async () => {
  const files = [0, 1, 2, 3].map(() => randomBytes(1_000_000));
  const answers = Object.fromEntries(files.map((file, at) => [`/${at}`, whole(file)]));
  await using server = await fileServer(answers);
  await using shop = await fetchShop([`127.0.0.1:${server.port}`], { limits: { keepBytes: 2_500_000 } });
  const take = (at: number) =>
    shop.fetcher.take({ urls: [server.at(`/${at}`)], checksum: sumOf(files[at] ?? other) }, untold, never());
  using _used = await take(0);
  for (const at of [1, 2, 3]) (await take(at))[Symbol.dispose]();
  const left = (await readdir(shop.folder)).filter((name) => !name.endsWith('.json')).toSorted();
  assert.deepEqual(left, [0, 3].map((at) => hexOf(files[at] ?? other)).toSorted());
});

test('a cached file that was changed is not believed: it is fetched anew', async () => {
  await using server = await fileServer({ '/a': whole(bytes) });
  await using shop = await fetchShop([`127.0.0.1:${server.port}`]);
  const wanted = { urls: [server.at('/a')], checksum: sumOf(bytes) };
  const { path, ...first } = await shop.fetcher.take(wanted, untold, never());
  first[Symbol.dispose]();
  await writeFile(path, other);
  using again = await shop.fetcher.take(wanted, untold, never());
  assert.equal(hexOf(await readFile(again.path)), hexOf(bytes));
});

test('a redirect to a place that is not named is not followed, wherever it leads', async () => {
  await using inner = await fileServer({ '/secret': whole(bytes) });
  const places = [inner.at('/secret'), 'http://inner.test/secret', 'http://[::1]/', 'file:///etc/passwd'];
  const answers = Object.fromEntries(places.map((place, at) => [`/${at}`, leadsTo(place)]));
  await using server = await fileServer({ ...answers, '/round': leadsTo('/round') });
  await using shop = await fetchShop([`127.0.0.1:${server.port}`, 'inner.test'], {
    lookUp: (_name, _options, done) => done(null, [{ address: '127.0.0.1', family: 4 }]),
  });
  for (const path of [...Object.keys(answers), '/round']) {
    const taking = shop.fetcher.take({ urls: [server.at(path)], checksum: sumOf(bytes) }, untold, never());
    await assert.rejects(taking, /does not name|an address of this host|is not followed|more than 5 times/, path);
  }
  assert.deepEqual(inner.asked, []);
});
