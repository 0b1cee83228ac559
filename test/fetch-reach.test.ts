import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isPublic } from '../src/outward/addresses.ts';
import { checksumOf } from '../src/fetch/checksum.ts';
import { hostOf } from '../src/outward/hosts.ts';
import { makeReach, type LookUp } from '../src/outward/reach.ts';
import { fetchShop, fileServer, never, sumOf, untold, whole } from './fetch-shop.ts';

const reachOf = (hosts: readonly string[], lookUp?: LookUp) =>
  makeReach({ hosts: () => hosts.map(hostOf), table: 'fetch', verb: 'fetch from', refused: 'fetch_refused' }, lookUp);

test('a host is reached by its name, below its star, and at the port that is named or the usual one', () => {
  const reach = reachOf(['one.example', '*.two.example', 'three.example:8080', '10.0.0.5:80', '[::1]:8000']);
  const may = (url: string) => reach.refuse(new URL(url)) === undefined;
  const allowed = [
    ...['http://one.example/x', 'https://ONE.example/x', 'https://a.b.two.example/'],
    ...['http://three.example:8080/', 'http://10.0.0.5/', 'http://[::1]:8000/'],
  ];
  const refused = [
    ...['http://one.example:8080/', 'http://x.one.example/', 'https://two.example/', 'https://three.example/'],
    ...[
      'http://xtwo.example/',
      'http://10.0.0.5:8080/',
      'http://[::1]/',
      'ftp://one.example/',
      'http://u:p@one.example/',
    ],
    ...['http://one.example.evil.test/', 'http://0x0a000005:81/', 'http://one.example./'],
  ];
  assert.deepEqual(
    allowed.filter((url) => !may(url)),
    [],
  );
  assert.deepEqual(refused.filter(may), []);
});

test('an address of this host or of a private network is reached only where it is named with its port', () => {
  const named = reachOf(['127.0.0.1', '169.254.169.254', '[::1]', '[fe80::1]']);
  for (const url of [
    'http://127.0.0.1/',
    'http://2130706433/',
    'http://169.254.169.254/',
    'http://[::1]/',
    'http://[fe80::1]/',
  ])
    assert.match(named.refuse(new URL(url)) ?? '', /must name it with its port/, url);
  const inside = [
    ...['0.0.0.0', '10.1.2.3', '100.64.0.1', '127.9.9.9', '169.254.1.1', '172.31.0.1', '192.168.1.1', '224.0.0.1'],
    ...[
      '::',
      '::1',
      '::ffff:127.0.0.1',
      '::ffff:8.8.8.8',
      'fe80::1',
      'fe80::1%eth0',
      'fd00::1',
      'ff02::1',
      '64:ff9b::7f00:1',
    ],
    ...['2002:7f00:1::', '255.255.255.255'],
  ];
  assert.deepEqual(inside.filter(isPublic), []);
  assert.deepEqual(
    ['8.8.8.8', '93.184.216.34', '2606:4700::1111'].filter((address) => !isPublic(address)),
    [],
  );
});

test('a name that a resolver moves to this host is not connected to: the address that was judged is the one that is used', async () => {
  await using server = await fileServer({ '/a': whole(Buffer.from('x')) });
  let lookedUp = 0;
  const moves: LookUp = (_name, _options, done) => {
    lookedUp += 1;
    // The first answer is for whoever judges, the second for whoever connects, if these are two.
    const address = lookedUp % 2 === 1 ? '127.0.0.1' : '93.184.216.34';
    done(null, [{ address, family: 4 }]);
  };
  await using shop = await fetchShop(['files.test'], { lookUp: moves });
  const taking = shop.fetcher.take(
    { urls: ['http://files.test/a'], checksum: sumOf(Buffer.from('x')) },
    untold,
    never(),
  );
  await assert.rejects(taking, /leads to 127\.0\.0\.1, which is an address of this host/);
  assert.equal(lookedUp, 1);
  assert.deepEqual(server.asked, []);
});

test('of several addresses of a name, those inside are left out; with its port named, none is', async () => {
  const both: LookUp = (_name, _options, done) =>
    done(null, [
      { address: '127.0.0.1', family: 4 },
      { address: '93.184.216.34', family: 4 },
    ]);
  const ask = (hosts: readonly string[], url: string) =>
    new Promise((resolve, reject) => {
      reachOf(hosts, both).lookup(new URL(url), url)('files.test', { all: true }, (error, found) => {
        if (error) reject(error);
        else resolve(found);
      });
    });
  assert.deepEqual(await ask(['files.test'], 'http://files.test/'), [{ address: '93.184.216.34', family: 4 }]);
  assert.equal(((await ask(['files.test:80'], 'http://files.test/')) as readonly unknown[]).length, 2);
});

test('from https nothing leads down to http but to a host that is named with its port', () => {
  const reach = reachOf(['a.example', 'b.example:80']);
  assert.equal(reach.allowsPlain(new URL('http://a.example/')), false);
  assert.equal(reach.allowsPlain(new URL('http://b.example/')), true);
});

test('a checksum says its algorithm, or has the length of one', () => {
  const hex = 'A'.repeat(64);
  assert.deepEqual(checksumOf(`sha256:${hex}`), { algorithm: 'sha256', hex: hex.toLowerCase() });
  assert.deepEqual(checksumOf(hex.slice(32)).algorithm, 'md5');
  for (const text of ['', 'none', 'sha256:', `sha512:${hex}`, `crc32:${hex}`, 'sha256:xyz', hex.slice(1)])
    assert.throws(() => checksumOf(text), /is no checksum/, text);
});
