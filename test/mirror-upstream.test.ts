import assert from 'node:assert/strict';
import { readdir, stat } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { once } from 'node:events';
import { test } from 'node:test';
import { deferred } from '../src/base/waiting.ts';
import { breaksAfter, good, mirrorShop, sets, sha256, type Behave } from './mirror-shop.ts';

const base = sets['base79.tgz'] ?? assert.fail();
const path = '7.9/amd64/base79.tgz';

const busy: Behave = (_request, response) => response.writeHead(503).end();

test('however many ask at once, upstream is asked once, and all get the same right bytes', async () => {
  await using shop = await mirrorShop();
  shop.upstream.behave.set(path, (_request, response, bytes) => {
    response.writeHead(200, { 'content-length': bytes.length });
    for (let at = 0; at < bytes.length; at += 100_000) response.write(bytes.subarray(at, at + 100_000));
    response.end();
  });
  const mirror = await shop.open();
  const machines = await Promise.all([shop.serve(mirror), shop.serve(mirror), shop.serve(mirror)]);
  const replies = await Promise.all(
    Array.from({ length: 30 }, (_, each) => (machines[each % 3] ?? assert.fail()).get(path)),
  );
  assert.ok(replies.every(({ status, body }) => status === 200 && body.equals(base)));
  assert.ok(replies.every(({ headers }) => headers['content-length'] === String(base.length)));
  assert.deepEqual([shop.upstream.askedFor(path), shop.upstream.askedFor('7.9/amd64/SHA256.sig')], [1, 1]);
  for (const machine of machines) {
    await machine.untilTold(1);
    assert.equal(machine.fetched.length, 1);
    assert.deepEqual([machine.fetched[0]?.from, machine.fetched[0]?.sha256], ['upstream', sha256(base)]);
  }
  const later = await shop.serve(mirror);
  assert.ok((await later.get(path)).body.equals(base));
  await later.untilTold(1);
  assert.deepEqual([later.fetched[0]?.from, shop.upstream.askedFor(path)], ['cache', 1]);
});

test('a range of a set that lies in the cache is served', async () => {
  await using shop = await mirrorShop();
  const machine = await shop.serve(await shop.open());
  await machine.get(path);
  const rest = await machine.get(path, { headers: { range: 'bytes=1000000-' } });
  assert.equal(rest.status, 206);
  assert.ok(rest.body.equals(base.subarray(1_000_000)));
});

test('a connection that breaks again and again is gone on with at the byte', async () => {
  await using shop = await mirrorShop();
  shop.upstream.behave.set(path, (...all) => (all[3] < 4 ? breaksAfter(400_000) : good)(...all));
  const machine = await shop.serve(await shop.open());
  const reply = await machine.get(path);
  assert.ok(reply.body.equals(base));
  const froms = shop.upstream.asked.filter((each) => each.path === path);
  assert.equal(froms.length, 4);
  assert.equal(froms[0]?.range, undefined);
  for (const { range, ifRange } of froms.slice(1)) {
    assert.match(range ?? '', /^bytes=[1-9]\d*-$/);
    assert.equal(ifRange, `"${sha256(base).slice(0, 16)}"`);
  }
});

test('a line that breaks all the time still brings a large file, as long as something comes each time', async () => {
  await using shop = await mirrorShop();
  const large = Buffer.alloc(12_000_000, 'OpenBSD');
  await shop.put('7.9/arm64', { 'base79.tgz': large });
  shop.upstream.behave.set('7.9/arm64/base79.tgz', breaksAfter(600_000));
  const machine = await shop.serve(await shop.open());
  assert.ok((await machine.get('7.9/arm64/base79.tgz')).body.equals(large));
  assert.ok(shop.upstream.askedFor('7.9/arm64/base79.tgz') >= 20);
});

test('a server that knows no ranges sends all again, and what is there already is passed over', async () => {
  await using shop = await mirrorShop();
  shop.upstream.behave.set(path, (request, response, bytes, nth) => {
    if (nth === 1) return breaksAfter(900_000)(request, response, bytes, nth);
    const etag = `"${sha256(bytes).slice(0, 16)}"`;
    response.writeHead(200, { etag, 'content-length': bytes.length }).end(bytes);
  });
  const machine = await shop.serve(await shop.open());
  assert.ok((await machine.get(path)).body.equals(base));
  assert.equal(shop.upstream.askedFor(path), 2);
});

test('a file that changes under its download is begun anew, and nobody gets a mixture', async () => {
  await using shop = await mirrorShop();
  const old = Buffer.alloc(base.length, 7);
  shop.upstream.behave.set(path, (request, response, bytes, nth) =>
    nth === 1 ? breaksAfter(300_000)(request, response, old, nth) : good(request, response, bytes, nth),
  );
  const mirror = await shop.open();
  const machine = await shop.serve(mirror);
  // Whoever has bytes of the older file is cut off; the next one finds the right file.
  await machine.get(path).then(
    ({ body }) => assert.ok(body.equals(base)),
    () => undefined,
  );
  const reply = await machine.get(path);
  assert.ok(reply.body.equals(base));
});

test('wrong bytes of the right length never come whole, and both digests are told', async () => {
  await using shop = await mirrorShop();
  const wrong = Buffer.from(base);
  wrong.writeUInt8(wrong.readUInt8(5) ^ 1, 5);
  shop.upstream.files.set(path, wrong);
  const machine = await shop.serve(await shop.open());
  await assert.rejects(machine.get(path), /aborted|socket hang up|ECONNRESET/);
  await machine.untilTold(1);
  assert.equal(machine.fetched.length, 0);
  assert.equal(machine.refused[0]?.code, 'mirror_damaged');
  assert.match(machine.refused[0]?.why ?? '', new RegExp(`its SHA-256 is ${sha256(wrong)}, not ${sha256(base)}`));
  // Asked for again soon after, it is not downloaded again; nothing of it stays on disk.
  assert.equal((await machine.get(path)).status, 502);
  assert.equal(shop.upstream.askedFor(path), 1);
  await assert.rejects(stat(shop.cached(sha256(base))), { code: 'ENOENT' });
  assert.deepEqual(await readdir(`${shop.folder}/cache/files`), []);
  // A small file is known to be wrong before its first byte is due.
  shop.upstream.files.set('7.9/amd64/BUILDINFO', Buffer.from('Build date: 1779999999\n'));
  assert.equal((await machine.get('7.9/amd64/BUILDINFO')).status, 500);
  // When the mirror has been put right, so is this.
  shop.upstream.files.set(path, base);
  shop.pass(300);
  assert.ok((await machine.get(path)).body.equals(base));
});

test('a length that is wrong is noticed', async () => {
  await using shop = await mirrorShop();
  shop.upstream.behave.set(path, (_request, response, bytes) => {
    response.writeHead(200, { 'content-length': bytes.length + 10 });
    response.write(bytes, () => response.destroy());
  });
  const machine = await shop.serve(await shop.open());
  await assert.rejects(machine.get(path));
  await machine.untilTold(1);
  assert.equal(machine.refused[0]?.code, 'mirror_unavailable');
  shop.upstream.behave.set(path, (_request, response, bytes) =>
    response.writeHead(200, { 'content-length': bytes.length - 10 }).end(bytes.subarray(0, -10)),
  );
  shop.pass(300);
  await assert.rejects(machine.get(path));
});

test('a file without a length is downloaded before its first byte is sent, and then has one', async () => {
  await using shop = await mirrorShop();
  shop.upstream.behave.set(path, (_request, response, bytes) => {
    response.writeHead(200);
    response.write(bytes.subarray(0, 1000));
    response.end(bytes.subarray(1000));
  });
  const machine = await shop.serve(await shop.open());
  const reply = await machine.get(path);
  assert.equal(reply.headers['content-length'], String(base.length));
  assert.ok(reply.body.equals(base));
});

test('an upstream that goes on without end fills no disk, whatever it had promised', async () => {
  await using shop = await mirrorShop();
  let sent = 0;
  const without = (response: ServerResponse) => {
    const more = () => {
      do sent += 2 ** 20;
      while (response.write(Buffer.alloc(2 ** 20)));
    };
    response.on('drain', more);
    more();
  };
  const [endless, longer] = [path, '7.9/amd64/bsd.rd'];
  shop.upstream.behave.set(endless, (_request, response) => without(response.writeHead(200)));
  shop.upstream.behave.set(longer, (request, response, bytes) => {
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    // Then it is silent, and is asked for the rest.
    if (from === 0)
      return void response.writeHead(200, { 'content-length': bytes.length }).write(bytes.subarray(0, 1000));
    response.writeHead(206, { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` });
    without(response);
  });
  const machine = await shop.serve(await shop.open({ cacheBytes: 24 * 2 ** 20, limits: { silentMs: 500 } }));
  const refused = await machine.get(endless);
  assert.equal(refused.status, 507);
  assert.match(machine.refused[0]?.why ?? '', /cache_size/);
  await machine.get(longer).catch(() => undefined);
  await machine.untilTold(2);
  assert.match(machine.refused[1]?.why ?? '', /more bytes came than the 300001 that were promised/);
  assert.ok(sent < 120 * 2 ** 20, `${sent} bytes were sent`);
});

test('an upstream that is busy is asked again, one that says no is not', async () => {
  await using shop = await mirrorShop();
  shop.upstream.behave.set('7.9/amd64/SHA256.sig', (...all) => (all[3] < 3 ? busy : good)(...all));
  shop.upstream.behave.set(path, (...all) => (all[3] < 3 ? busy : good)(...all));
  const machine = await shop.serve(await shop.open());
  assert.ok((await machine.get(path)).body.equals(base));
  assert.equal(shop.upstream.askedFor(path), 3);
  shop.upstream.files.delete('7.9/amd64/bsd.rd');
  const gone = await machine.get('7.9/amd64/bsd.rd');
  assert.equal(gone.status, 404);
  assert.equal(shop.upstream.askedFor('7.9/amd64/bsd.rd'), 1);
  await Promise.all(Array.from({ length: 20 }, () => machine.get('7.9/amd64/bsd.rd')));
  assert.equal(shop.upstream.askedFor('7.9/amd64/bsd.rd'), 1, 'a guest that asks on and on makes nobody ask upstream');
  assert.match(gone.body.toString(), /upstream answered 404\. Does \[mirror\] upstream name a mirror that has it\?/);
  shop.upstream.behave.set('7.9/amd64/BUILDINFO', busy);
  assert.equal((await machine.get('7.9/amd64/BUILDINFO')).status, 503);
  assert.equal(shop.upstream.askedFor('7.9/amd64/BUILDINFO'), 1 + 4, 'once when SHA256.sig came, for its date');
});

/** The range of the last request, when upstream falls silent within the first one, and is given up after so long. */
const rangeAfterSilence = async (silentMs: number): Promise<string | undefined> => {
  await using shop = await mirrorShop();
  shop.upstream.behave.set(path, (...all) => {
    if (all[3] > 1) return good(...all);
    const [, response, bytes] = all;
    response.setHeader('etag', `"${sha256(bytes).slice(0, 16)}"`);
    response.writeHead(200, { 'content-length': bytes.length }).write(bytes.subarray(0, 500_000));
  });
  const machine = await shop.serve(await shop.open({ limits: { silentMs } }));
  assert.ok((await machine.get(path)).body.equals(base));
  return shop.upstream.asked.at(-1)?.range;
};

test('an upstream that falls silent is given up, and gone on with by the next request', async () => {
  // On a busy machine what was sent may come later than the shortest of them waits.
  const ranges: (string | undefined)[] = [];
  for (const silentMs of [200, 1000, 5000])
    if (!ranges.includes('bytes=500000-')) ranges.push(await rangeAfterSilence(silentMs));
  assert.equal(ranges.at(-1), 'bytes=500000-');
});

test('redirects are followed over http, and nowhere else', async () => {
  await using shop = await mirrorShop();
  const other = createServer((request, response) => good(request, response, base, 1)).listen(0, '127.0.0.1');
  await once(other, 'listening');
  const address = other.address();
  const port = typeof address === 'object' && address ? address.port : assert.fail();
  const to =
    (location: string): Behave =>
    (_request, response) =>
      response.writeHead(302, { location }).end();
  shop.upstream.behave.set(path, to(`http://127.0.0.1:${port}/elsewhere/base79.tgz`));
  const machine = await shop.serve(await shop.open());
  const reply = await machine.get(path);
  assert.deepEqual([reply.status, reply.body.equals(base)], [200, true]);
  for (const location of ['file:///etc/passwd', 'ftp://127.0.0.1/x', '', 'http://[']) {
    shop.upstream.behave.set('7.9/amd64/bsd.rd', to(location));
    shop.pass(300);
    assert.equal((await machine.get('7.9/amd64/bsd.rd')).status, 503, location);
  }
  shop.upstream.behave.set('7.9/amd64/bsd.rd', to('/pub/OpenBSD/7.9/amd64/bsd.rd'));
  shop.pass(300);
  assert.equal((await machine.get('7.9/amd64/bsd.rd')).status, 503, 'a ring');
  other.closeAllConnections();
  other.close();
});

test('bytes reach the guest while the download goes on, the last block only when all is right', async () => {
  await using shop = await mirrorShop();
  let finish = () => {};
  shop.upstream.behave.set(path, (_request, response, bytes) => {
    response.writeHead(200, { 'content-length': bytes.length }).write(bytes.subarray(0, -1));
    finish = () => response.end(bytes.subarray(-1));
  });
  const machine = await shop.serve(await shop.open());
  const socket = connect(machine.path);
  let came = 0;
  let held = () => {};
  const isHeld = new Promise<void>((resolve) => (held = resolve));
  socket.on('data', (chunk: Buffer) => {
    came += chunk.length;
    if (came > base.length - 65 * 1024) held();
  });
  socket.write(`GET /pub/OpenBSD/${path} HTTP/1.0\r\n\r\n`);
  await isHeld;
  assert.ok(came < base.length, `${came} of ${base.length} bytes came before the digest could be known`);
  finish();
  await once(socket, 'close');
  assert.ok(came > base.length);
  await machine.untilTold(1);
  assert.equal(machine.fetched[0]?.bytes, base.length);
});

test('when all who waited have left the download ends, and the next one goes on at the byte, also after a restart', async () => {
  await using shop = await mirrorShop();
  const broken: Promise<void>[] = [];
  shop.upstream.behave.set(path, (...all) => {
    if (all[3] > 2) return good(...all);
    const [request, response, bytes] = all;
    const [, first = '0'] = /^bytes=(\d+)-$/.exec(request.headers.range ?? '') ?? [];
    const from = Number(first);
    broken.push(new Promise((resolve) => response.once('close', () => resolve())));
    response.setHeader('etag', `"${sha256(bytes).slice(0, 16)}"`);
    if (from > 0) response.setHeader('content-range', `bytes ${from}-${bytes.length - 1}/${bytes.length}`);
    response
      .writeHead(from > 0 ? 206 : 200, { 'content-length': bytes.length - from })
      .write(bytes.subarray(from, from + 500_000));
  });
  const first = await shop.open({ limits: { silentMs: 30_000 } });
  const leaveAfter = async (bytes: number) => {
    const machine = await shop.serve(first);
    const socket = connect(machine.path);
    let came = 0;
    const has = new Promise<void>((resolve) =>
      socket.on('data', (chunk: Buffer) => {
        came += chunk.length;
        if (came >= bytes) resolve();
      }),
    );
    socket.write(`GET /pub/OpenBSD/${path} HTTP/1.0\r\n\r\n`);
    await has;
    await machine.dispose();
  };
  await leaveAfter(500_000);
  await broken[0];
  await leaveAfter(1_000_000);
  await broken[1];
  await first[Symbol.asyncDispose]();
  const next = await shop.serve(await shop.open());
  assert.ok((await next.get(path)).body.equals(base));
  assert.deepEqual(
    shop.upstream.asked.filter((each) => each.path === path).map(({ range }) => range),
    [undefined, 'bytes=500000-', 'bytes=1000000-'],
  );
});

test('one who leaves takes nothing from the others', async () => {
  await using shop = await mirrorShop();
  const asked = deferred<() => void>();
  shop.upstream.behave.set(path, (_request, response, bytes) => {
    response.writeHead(200, { 'content-length': bytes.length }).write(bytes.subarray(0, 700_000));
    asked.resolve(() => response.end(bytes.subarray(700_000)));
  });
  const mirror = await shop.open();
  const [stays, leaves] = await Promise.all([shop.serve(mirror), shop.serve(mirror)]);
  const reply = stays.get(path);
  const gone = assert.rejects(leaves.get(path));
  const finish = await asked.promise;
  await leaves.dispose();
  await gone;
  finish();
  assert.ok((await reply).body.equals(base));
  assert.equal(shop.upstream.askedFor(path), 1);
});

test('SHA256.sig is asked for again when its age is over, and an older one goes on when upstream is down', async () => {
  await using shop = await mirrorShop();
  const sums = '7.9/amd64/SHA256.sig';
  const machine = await shop.serve(await shop.open());
  await machine.get(path);
  await machine.get(path);
  assert.equal(shop.upstream.askedFor(sums), 1);
  shop.pass(61_000);
  assert.equal((await machine.get(path)).status, 200);
  assert.equal(shop.upstream.askedFor(sums), 2);
  shop.pass(61_000);
  shop.upstream.behave.set(sums, busy);
  assert.equal((await machine.get(path)).status, 200);
  assert.equal(shop.upstream.askedFor(sums), 3, 'with an older one, one attempt is enough');
  assert.match(shop.warnings.join('\n'), /the mirror goes on with the SHA256\.sig that it has/);
  // A restart without upstream: what was verified once is verified again from disk.
  await shop.upstream[Symbol.asyncDispose]();
  const next = await shop.serve(await shop.open());
  assert.ok((await next.get(path)).body.equals(base));
  assert.match((await next.get('7.9/amd64/index.txt')).body.toString(), / base79\.tgz\n/);
  assert.equal((await next.get('7.9/amd64/bsd.rd')).status, 503);
});

test('a snapshot that moved on under its SHA256.sig is seen at once, whatever its age', async () => {
  await using shop = await mirrorShop();
  const name = 'snapshots/amd64/base80.tgz';
  const [monday, tuesday] = [Buffer.alloc(300_000, 'Monday'), Buffer.alloc(300_000, 'Tuesday')];
  await shop.put('snapshots/amd64', { 'base80.tgz': monday, gone: Buffer.from('') }, 'openbsd-80-base');
  const machine = await shop.serve(await shop.open());
  await machine.get('snapshots/amd64/SHA256.sig');
  await shop.put('snapshots/amd64', { 'base80.tgz': tuesday }, 'openbsd-80-base');
  await assert.rejects(machine.get(name), /aborted|hang up|ECONNRESET/);
  await machine.untilTold(1);
  assert.equal(machine.refused[0]?.code, 'mirror_damaged');
  assert.ok((await machine.get(name)).body.equals(tuesday));
});

test('without signify a set is refused with the name of the program that is missing', async () => {
  await using shop = await mirrorShop();
  const machine = await shop.serve(await shop.open({ signify: '/nonexistent/signify' }));
  assert.equal((await machine.get(path)).status, 500);
  assert.deepEqual(machine.refused[0]?.code, 'program_missing');
  assert.match(machine.refused[0]?.why ?? '', /\/nonexistent\/signify was not found\. Install it, or say where it is/);
});

test('a new snapshot is seen after a while, and a forged one is not taken', async () => {
  await using shop = await mirrorShop();
  const name = 'snapshots/amd64/base80.tgz';
  await shop.put('snapshots/amd64', { 'base80.tgz': Buffer.from('Monday') }, 'openbsd-80-base');
  const machine = await shop.serve(await shop.open());
  assert.equal((await machine.get(name)).body.toString(), 'Monday');
  await shop.put('snapshots/amd64', { 'base80.tgz': Buffer.from('Tuesday') }, 'openbsd-80-base');
  assert.equal((await machine.get(name)).body.toString(), 'Monday', 'it is not that long ago');
  shop.pass(11_000);
  assert.equal((await machine.get(name)).body.toString(), 'Tuesday');
  await shop.put('snapshots/amd64', { 'base80.tgz': Buffer.from('forged') }, 'other');
  shop.pass(11_000);
  assert.equal((await machine.get(name)).body.toString(), 'Tuesday');
  assert.match(shop.warnings.join('\n'), /is not signed with openbsd-80-base\.pub, openbsd-79-base\.pub/);
});

test('an upstream that goes back to an older snapshot, or hides how old it is, is not followed, after a restart neither', async () => {
  await using shop = await mirrorShop();
  const folder = 'snapshots/amd64';
  const builtAt = (day: number, set: string) => ({
    'base80.tgz': Buffer.from(set),
    BUILDINFO: Buffer.from(`Build date: ${1_779_000_000 + day * 86_400} - some day\n`),
  });
  const put = (files: Readonly<Record<string, Buffer>>) => shop.put(folder, files, 'openbsd-80-base');
  await put(builtAt(2, 'mended'));
  const first = await shop.open();
  const machine = await shop.serve(first);
  const set = async (at = machine) => (await at.get(`${folder}/base80.tgz`)).body.toString();
  assert.equal(await set(), 'mended');
  const { BUILDINFO: _hidden, ...dateless } = builtAt(3, 'without a date');
  const gone = async () => {
    await put(builtAt(3, 'unknown'));
    shop.upstream.files.delete(`${folder}/BUILDINFO`);
  };
  for (const goBack of [() => put(builtAt(1, 'with a hole')), () => put(dateless), gone]) {
    await goBack();
    shop.pass(11_000);
    assert.equal(await set(), 'mended');
  }
  assert.match(
    shop.warnings[0] ?? '',
    /was built 2026-05-18T06:40Z, and the one at hand 2026-05-19T06:40Z: upstream went back/,
  );
  assert.match(shop.warnings[1] ?? '', /names no BUILDINFO with a date/);
  assert.match(shop.warnings[2] ?? '', /upstream answered 404/);
  await first[Symbol.asyncDispose]();
  await put(builtAt(1, 'with a hole'));
  const next = await shop.serve(await shop.open());
  assert.equal(await set(next), 'mended');
  await put(builtAt(3, 'newer'));
  shop.pass(11_000);
  assert.equal(await set(next), 'newer');
});
