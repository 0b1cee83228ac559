import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { cleanupStack } from '../src/base/cleanup.ts';
import { Fault } from '../src/base/fault.ts';
import { sourcesOf, type RecordedSources } from '../src/build/files/sources.ts';
import { foldersBelow } from '../src/build/folders/folders.ts';
import { fetchSource } from '../src/fetch/fetch-source.ts';
import { hostOf } from '../src/outward/hosts.ts';
import { parseTemplate } from '../src/template/document/template.ts';
import { resolve } from '../src/template/resolve/resolve.ts';
import type { Spec } from '../src/template/spec.ts';
import { aBuild, anArtifact, claimed, storeShop } from './store-shop.ts';

const hex = 'ab'.repeat(32);
const here = 'cd'.repeat(32);

/** What resolves machines over a real store with a build that published `disk.img`, an upload, and a file by digest. */
const desk = async () => {
  const cleanup = cleanupStack();
  const { store } = cleanup.keep(await storeShop());
  const folder = await mkdtemp(join(tmpdir(), 'sources-'));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const folders = foldersBelow(folder, join(folder, 'run'));
  const file = join(folder, 'image');
  await writeFile(file, Buffer.alloc(2 * 1024 * 1024));
  const publish = async (templateName: string) => {
    const { build } = await store.add(aBuild({ templateName }));
    const { token } = await claimed(store);
    await store.finish(build.id, token, { status: 'succeeded', artifacts: [anArtifact('disk.img')] });
    await mkdir(folders.artifacts(build.id), { recursive: true });
    await writeFile(folders.artifact(build.id, 'disk.img'), Buffer.alloc(1024 * 1024));
    return build.id;
  };
  const source = fetchSource(() => ['files.example', '*.mirror.example'].map(hostOf));
  const machineOf = async (machine: object, recorded: RecordedSources = new Map()): Promise<Spec> => {
    const sources = sourcesOf(
      {
        ...{ store, folders },
        uploaded: () => ({ sent: file }),
        ofDigest: async (checksum) => (checksum.hex === here ? file : undefined),
        refuseUrl: (url) => source.reach?.refuse(url),
      },
      recorded,
    );
    return resolve({
      template: parseTemplate({
        name: 'one',
        machine: { disks: [{ size: '1G' }], ...machine },
        artifacts: [{ format: 'qcow2' }],
      }),
      variables: {},
      files: { media: { own: file }, sources },
      frozen: { buildId: aBuild().id, timestampMs: 0 },
      defaults: { timeoutMs: 1000 },
    });
  };
  /** The field errors, each as `pointer: message`. */
  const wrongOf = async (machine: object): Promise<readonly string[]> =>
    machineOf(machine).then(
      () => [],
      (error: unknown) => {
        if (!(error instanceof Fault)) throw error;
        return (error.facts.errors ?? []).map(({ pointer, message }) => `${pointer}: ${message}`);
      },
    );
  return {
    store,
    folders,
    file,
    publish,
    machineOf,
    wrongOf,
    [Symbol.asyncDispose]: () => cleanup[Symbol.asyncDispose](),
  };
};

const disk = (base: unknown, rest: object = {}) => ({ disks: [{ base, ...rest }] });

test('an artifact of a build is a base, by id or as the newest of a template; which one that was stays', async () => {
  await using shop = await desk();
  const first = await shop.publish('tiny');
  const recorded: RecordedSources = new Map();
  const latest = disk('build:latest:tiny/disk.img');
  const baseOf = ({ disks: [made] }: Spec) => [made?.base?.path, made?.base?.layers];
  assert.deepEqual(baseOf(await shop.machineOf(latest, recorded)), [shop.folders.artifact(first, 'disk.img'), 'one']);
  const second = await shop.publish('tiny');
  assert.deepEqual(baseOf(await shop.machineOf(latest)), [shop.folders.artifact(second, 'disk.img'), 'one']);
  assert.deepEqual(baseOf(await shop.machineOf(latest, recorded)), [shop.folders.artifact(first, 'disk.img'), 'one']);
  const byId = disk(`build:${first.toLowerCase()}/disk.img`);
  assert.deepEqual(baseOf(await shop.machineOf(byId, recorded)), [shop.folders.artifact(first, 'disk.img'), 'one']);
  assert.deepEqual(
    [...recorded],
    [
      ['latest:tiny', first],
      [first, first],
    ],
  );
});

test('what is wrong with a build that is named stands at its pointer', async () => {
  await using shop = await desk();
  const id = await shop.publish('tiny');
  const cases: readonly (readonly [string, RegExp])[] = [
    [
      `build:${id}/other.img`,
      /^\/machine\/disks\/0\/base: the build \w+ \(succeeded\) has no artifact "other.img": .*disk\.img/,
    ],
    [`build:${aBuild().id}/disk.img`, /there is no build/],
    ['build:latest:none/disk.img', /no build of the template "none" has succeeded/],
    ['build:x/disk.img', /is not the id of a build/],
    [`build:${id}/../../imaged.db`, /is no artifact/],
    [`build:${id}`, /is no artifact/],
  ];
  for (const [base, expected] of cases) assert.match((await shop.wrongOf(disk(base))).join('\n'), expected, base);
  await rm(shop.folders.artifact(id, 'disk.img'));
  assert.match((await shop.wrongOf(disk(`build:${id}/disk.img`))).join('\n'), /is gone from this host/);
});

test('an uploaded image is a medium, and not trusted as the configuration’s own', async () => {
  await using shop = await desk();
  const layersOf = async (base: string) => (await shop.machineOf(disk(base))).disks[0]?.base?.layers;
  assert.equal(await layersOf('media:own'), 'chain');
  assert.equal(await layersOf('media:sent'), 'one');
  assert.equal(await layersOf(`media:sha256:${here}`), 'one');
  assert.match((await shop.wrongOf(disk('media:sen'))).join('\n'), /did you mean "sent"\?/);
  assert.match(
    (await shop.wrongOf(disk(`media:sha256:${hex}`))).join('\n'),
    /no medium with the digest .*POST \/media/,
  );
});

test('a file by URL is fetched from a host that is named; otherwise its pointer says which key, and what to upload', async () => {
  await using shop = await desk();
  const remote = (url: string, checksum = `sha256:${hex}`) => ({ urls: [url], checksum });
  const { cdrom } = await shop.machineOf({ cdrom: remote('https://a.mirror.example/x.iso') });
  assert.deepEqual(cdrom?.wanted, {
    urls: ['https://a.mirror.example/x.iso'],
    checksum: { algorithm: 'sha256', hex },
  });
  const listed = await shop.machineOf({
    cdrom: remote('https://files.example/x.iso', 'file:https://files.example/SHA256SUMS'),
  });
  assert.deepEqual(listed.cdrom?.wanted?.checksum, { list: 'https://files.example/SHA256SUMS' });
  const [wrong] = await shop.wrongOf({ cdrom: remote('https://else.example/x.iso') });
  assert.match(
    wrong ?? '',
    /^\/machine\/cdrom\/urls\/0: .*"hosts" of \[fetch\].*"else\.example".*POST \/media.*sha256:ab/,
  );
  assert.match(
    (await shop.wrongOf({ cdrom: remote('x', 'none') })).join(),
    /^\/machine\/cdrom\/checksum: is no checksum/,
  );
  assert.match(
    (await shop.wrongOf({ cdrom: remote('https://files.example/x', 'file:http://127.0.0.1/s') })).join(),
    /checksum: .*does not name/,
  );
  // What this host has already needs no host to be named.
  const had = await shop.machineOf({ cdrom: remote('https://else.example/x.iso', `sha256:${here}`) });
  assert.equal(had.cdrom?.path, shop.file);
});

test('a base that is not there yet needs a size, and its disk counts with it', async () => {
  await using shop = await desk();
  const base = { urls: ['https://files.example/x.qcow2'], checksum: hex };
  assert.match((await shop.wrongOf(disk(base))).join('\n'), /^\/machine\/disks\/0\/size: is missing/);
  const [made] = (await shop.machineOf(disk(base, { size: '10G' }))).disks;
  assert.deepEqual([made?.sizeMb, made?.base, made?.laterBase?.path], [10_240, undefined, '']);
});
