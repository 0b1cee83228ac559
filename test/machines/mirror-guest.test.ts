import assert from 'node:assert/strict';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { z } from 'zod';
import { guest, startImaged, type Imaged } from '../fixtures/imaged.ts';
import { eventsOf } from '../fixtures/follow-events.ts';
import { longOnly } from '../fixtures/long.ts';
import { firstPrompt, installerMachine, succeeded, textOf } from '../fixtures/tiny-builds.ts';
import { mirrorShop, sha256, signify, type Files } from '../mirror-shop.ts';

let shop: Awaited<ReturnType<typeof mirrorShop>>;
let imaged: Imaged;
let sets: Files;

before(async () => {
  shop = await mirrorShop();
  const names = ['INSTALL.amd64', 'base79.tgz', 'bsd'];
  sets = Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(join(guest, 'sets', name))] as const)),
  );
  await shop.put('7.9/amd64', sets);
  imaged = await startImaged({
    settings: 'attempts = 1',
    tables: async (reach) => {
      const url = new URL(shop.upstream.url);
      url.port = String(await reach(Number(url.port)));
      return [
        '[hypervisor.qemu]\naccelerator = "tcg"',
        `[mirror]\nupstream = ${JSON.stringify(url.href)}\nkeys = ${JSON.stringify(shop.keys)}`,
        `signify = ${JSON.stringify(signify)}`,
      ].join('\n');
    },
  });
});

after(async () => {
  await imaged[Symbol.asyncDispose]();
  await shop[Symbol.asyncDispose]();
});

/** An unattended installation whose sets come from the mirror, and no further. */
const installing = async (name: string) =>
  imaged.post({
    template: {
      name,
      // Sets are kept aside until they are verified, which takes 2 GB.
      machine: { ...(await installerMachine()), disks: [{ size: '4G' }] },
      http: {
        'install.conf': {
          autoinstall: {
            'System hostname': name,
            'Password for root account': '*************',
            'Change the default console to com0': 'yes',
            'Setup a user': 'no',
            'What timezone are you in': 'UTC',
            'Which disk is the root disk': 'sd0',
            'Use (W)hole disk MBR, whole disk (G)PT': 'whole',
            'URL to autopartitioning template for disklabel': '{{ http_url }}/disklabel',
            'Location of sets': 'http',
            'HTTP Server': '{{ http_addr }}',
            'Server directory': 'pub/OpenBSD/7.9/amd64',
            'Set name(s)': 'done',
          },
        },
        disklabel: await readFile(join(guest, 'disklabel.auto'), 'utf8'),
      },
      install: {
        console: [
          { hear: firstPrompt, within: '2m', say: 'a' },
          { hear: 'Response file location\\?', within: '1m', say: '{{ http_url }}/install.conf' },
          { hear: '^CONGRATULATIONS!', within: '10m', refuse: ['failed; check /tmp/ai/ai\\.log'] },
        ],
        ends: 'reboot',
        timeout: '15m',
      },
    },
  });

const Fetched = z.object({
  path: z.string(),
  sha256: z.string(),
  bytes: z.number(),
  from: z.string(),
  key: z.string(),
});

const fetchedBy = async (id: string) =>
  (await eventsOf(imaged, id)).filter(({ type }) => type === 'set.fetched').map(({ data }) => Fetched.parse(data));

test('two installations at once take their sets from one download each, and say what went into them', async () => {
  const builds = await Promise.all([installing('one'), installing('two')]);
  for (const { id } of builds) await succeeded(imaged, id);
  for (const { id } of builds) {
    const fetched = (await fetchedBy(id)).toSorted((one, other) => one.path.localeCompare(other.path));
    const expected = ['base79.tgz', 'bsd'].map((name) => {
      const bytes = sets[name] ?? assert.fail();
      const [path, key] = [`7.9/amd64/${name}`, 'openbsd-79-base.pub'];
      return { path, sha256: sha256(bytes), bytes: bytes.length, key };
    });
    assert.deepEqual(
      fetched.filter(({ path }) => !path.endsWith('INSTALL.amd64')).map(({ from: _, ...rest }) => rest),
      expected,
    );
    const log = await textOf(imaged, id, 'log');
    assert.match(
      log,
      /guest fetched 7\.9\/amd64\/base79\.tgz: \d+ bytes from the (upstream|cache), SHA-256 [0-9a-f]{64}/,
    );
  }
  for (const name of ['base79.tgz', 'bsd', 'SHA256.sig'])
    assert.equal(shop.upstream.askedFor(`7.9/amd64/${name}`), 1, name);
});

test(
  'a set that the mirror has wrong fails the build with both digests, and the host is blamed for it',
  longOnly,
  async () => {
    const name = '7.9/amd64/base79.tgz';
    const right = Buffer.from(sets['base79.tgz'] ?? '');
    right.writeUInt8(right.readUInt8(100_000) ^ 1, 100_000);
    const wrong = Buffer.from(right);
    wrong.writeUInt8(wrong.readUInt8(100_001) ^ 1, 100_001);
    // Signed anew, so that the cache has nothing of that digest; a daemon that starts asks for the sums when they are old.
    await shop.put('7.9/amd64', { ...sets, 'base79.tgz': right });
    shop.upstream.files.set(name, wrong);
    await rm(join(imaged.dataDir, 'mirror', 'sums'), { recursive: true });
    await imaged.kill('SIGTERM');
    await imaged.start();
    const { id } = await installing('three');
    const { status, fault } = await imaged.ended(id);
    assert.equal(status, 'failed');
    assert.deepEqual([fault?.code, fault?.class, fault?.step], ['mirror_damaged', 'infra', 'install']);
    assert.match(
      fault?.message ?? '',
      /Before that, this host could not give it a set: .* its SHA-256 is [0-9a-f]{64}, not /,
    );
    const refused = (await eventsOf(imaged, id)).filter(({ type }) => type === 'set.refused').map(({ data }) => data);
    assert.deepEqual(
      refused.map(({ path, code }) => [path, code]),
      [[name, 'mirror_damaged']],
    );
    assert.ok((await fetchedBy(id)).every(({ path }) => path !== name));
  },
);
