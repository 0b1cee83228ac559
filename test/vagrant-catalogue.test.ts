import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { createGzip } from 'node:zlib';
import { boxType, type BoxFacts } from '../src/base/media-type.ts';
import { runProgram } from '../src/base/program.ts';
import { tarOfFiles } from '../src/image/archive/tar-of-files.ts';
import { metadataOf } from '../src/post-processors/vagrant/metadata.ts';
import { vagrantfileOf } from '../src/post-processors/vagrant/vagrantfile.ts';
import { apiShop, type ApiShop } from './api-shop.ts';
import { isLong } from './fixtures/hypervisor.ts';
import { aBuild, claimed } from './store-shop.ts';

const on = () => new AbortController().signal;

const amd64 = (provider: string, version: string): BoxFacts => ({ provider, version, architecture: 'amd64' });

/** A build of the template "tiny" that went well and published these files. */
const published = async (shop: ApiShop, files: readonly (readonly [name: string, type: string, bytes: Buffer])[]) => {
  const { build } = await shop.store.add(aBuild());
  const { token } = await claimed(shop.store);
  const artifacts = [];
  for (const [name, mediaType, bytes] of files) {
    await shop.write(shop.folders.artifact(build.id, name), bytes);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    artifacts.push({ name, mediaType, size: bytes.length, sha256 });
  }
  await shop.store.finish(build.id, token, { status: 'succeeded', artifacts });
  return build.id;
};

type Catalogue = {
  readonly name: string;
  readonly versions: readonly {
    readonly version: string;
    readonly providers: readonly { readonly name: string; readonly url: string; readonly checksum: string }[];
  }[];
};

const urlIn = (reply: { readonly json: () => unknown }): URL | undefined => {
  const { versions } = reply.json() as Catalogue;
  const url = versions[0]?.providers[0]?.url;
  return url === undefined ? undefined : new URL(url);
};

test('the catalogue lists the boxes of all good builds, and of two of one version and provider the newer', async () => {
  await using shop = await apiShop();
  const box = (text: string, facts: BoxFacts) => [`${facts.provider}.box`, boxType(facts), Buffer.from(text)] as const;
  await published(shop, [box('old', amd64('libvirt', '1.0.0')), ['a.raw', 'application/x-raw-disk-image', Buffer.from('x')]]); // prettier-ignore
  const first = await published(shop, [box('new', amd64('libvirt', '1.0.0'))]);
  await published(shop, [box('two', amd64('libvirt', '2.0.0')), box('vbox', amd64('virtualbox', '2.0.0'))]);
  await published(shop, [['b.raw', 'application/x-raw-disk-image', Buffer.from('x')]]);
  const reply = await shop.ask({ url: '/vagrant/tiny', headers: { ...shop.auth, host: 'images.example.org:8080' } });
  assert.equal(reply.statusCode, 200);
  const { name, versions } = reply.json<Catalogue>();
  assert.equal(name, 'tiny');
  assert.deepEqual(
    versions.map(({ version, providers }) => [version, providers.map((one) => one.name)]),
    [
      ['2.0.0', ['libvirt', 'virtualbox']],
      ['1.0.0', ['libvirt']],
    ],
  );
  const [old] = versions[1]?.providers ?? [];
  assert.deepEqual(old, {
    name: 'libvirt',
    url: `http://images.example.org:8080/vagrant/tiny/boxes/${first}/libvirt.box`,
    checksum: createHash('sha256').update('new').digest('hex'),
    ...{ checksum_type: 'sha256', architecture: 'amd64', default_architecture: true },
  });
  const { statusCode } = await shop.ask({ url: '/vagrant/none', headers: shop.auth });
  assert.equal(statusCode, 404);
});

test('without a token there is neither catalogue nor box, unless the configuration makes them public, and never anything else', async () => {
  for (const isPublic of [false, true]) {
    await using shop = await apiShop({ vagrant: { public: isPublic, url: 'https://images.example.org/imaged' } });
    const id = await published(shop, [
      ['tiny.box', boxType(amd64('libvirt', '1.0.0')), Buffer.from('a box')],
      ['tiny.raw', 'application/x-raw-disk-image', Buffer.from('a disk')],
    ]);
    const asked = isPublic ? {} : { headers: shop.auth };
    const url = urlIn(await shop.app.inject({ url: '/vagrant/tiny', ...asked }));
    assert.equal(url?.href, `https://images.example.org/imaged/vagrant/tiny/boxes/${id}/tiny.box`);
    const path = `/vagrant/tiny/boxes/${id}/tiny.box`;
    for (const at of ['/vagrant/tiny', path])
      assert.equal((await shop.app.inject({ url: at })).statusCode, isPublic ? 200 : 401);
    assert.equal((await shop.app.inject({ url: path, ...asked })).body, 'a box');
    for (const at of [`/vagrant/tiny/boxes/${id}/tiny.raw`, `/vagrant/other/boxes/${id}/tiny.box`])
      assert.equal((await shop.app.inject({ url: at, ...asked })).statusCode, 404);
    assert.equal((await shop.app.inject({ url: `/builds/${id}/artifacts/tiny.raw` })).statusCode, 401);
  }
});

/** A box as the post-processor makes it, with a disk of a few bytes. */
const aBox = async (version: string): Promise<Buffer> => {
  const files = [
    { name: 'metadata.json', text: metadataOf('libvirt', 'amd64', [3 * 1024 ** 3]) },
    { name: 'Vagrantfile', text: vagrantfileOf('libvirt', 'tiny', '# mine') },
    { name: 'box.img', text: `the disk of ${version}` },
  ];
  return buffer(Readable.from(tarOfFiles(files, on())).pipe(createGzip()));
};

test(
  'vagrant(1) adds the newest box from the URL of the catalogue, with the token it is given, and reads its metadata',
  { skip: isLong ? false : 'with --machines: vagrant is large' },
  async () => {
    await using shop = await apiShop();
    const boxes = [];
    for (const version of ['20260131.93000.0', '20251224.180000.0', '20260201.0.0'])
      boxes.push(await published(shop, [['tiny.box', boxType(amd64('libvirt', version)), await aBox(version)]]));
    const { url } = await shop.listen();
    const home = await mkdtemp(join(tmpdir(), 'vagrant-home-'));
    const vagrant = (token: string, ...args: string[]) =>
      runProgram('vagrant', args, {
        ...{ signal: on(), cwd: home, accept: 'any' },
        env: { ...process.env, VAGRANT_HOME: home, VAGRANT_SERVER_URL: url, VAGRANT_CLOUD_TOKEN: token, VAGRANT_NO_PLUGINS: '1', VAGRANT_CHECKPOINT_DISABLE: '1' }, // prettier-ignore
      });
    try {
      const token = shop.auth.authorization.replace('Bearer ', '');
      const refused = await vagrant('imgd_none', 'box', 'add', `${url}/vagrant/tiny`, '--provider', 'libvirt');
      assert.equal(refused.exitCode, 1);
      const added = await vagrant(token, 'box', 'add', `${url}/vagrant/tiny`, '--provider', 'libvirt');
      assert.equal(added.exitCode, 0, added.stderr);
      const listed = await vagrant(token, 'box', 'list');
      assert.match(listed.stdout, /^tiny \(libvirt, 20260201\.0\.0\)$/m);
      const folder = join(home, 'boxes/tiny/20260201.0.0/libvirt');
      assert.deepEqual((await readdir(folder)).sort(), ['Vagrantfile', 'box.img', 'metadata.json']);
      assert.deepEqual(JSON.parse(await readFile(join(folder, 'metadata.json'), 'utf8')), {
        ...{ provider: 'libvirt', architecture: 'amd64', format: 'qcow2', virtual_size: 3 },
      });
      assert.equal(await readFile(join(folder, 'box.img'), 'utf8'), 'the disk of 20260201.0.0');
      const older = await vagrant(token, 'box', 'add', `${url}/vagrant/tiny`, '--provider', 'libvirt', '--box-version', '< 20260101'); // prettier-ignore
      assert.equal(older.exitCode, 0, older.stderr);
      assert.match((await vagrant(token, 'box', 'list')).stdout, /20251224\.180000\.0/);
      assert.equal(boxes.length, 3);
    } finally {
      await rm(home, { recursive: true, force: true });
    }
  },
);
