import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';
import { isLong, newest, release } from '../fixtures/hypervisor.ts';
import { guest, startImaged, type Imaged } from '../fixtures/imaged.ts';
import { proveNothingLeft } from '../fixtures/left-behind.ts';
import { eventsOf } from '../fixtures/follow-events.ts';
import { longOnly } from '../fixtures/long.ts';
import { postContext, succeeded, tarOf, textOf } from '../fixtures/tiny-builds.ts';
import { mirrorShop, signify } from '../mirror-shop.ts';

const run = promisify(execFile);
const top = fileURLToPath(new URL('../../../', import.meta.url));

let shop: Awaited<ReturnType<typeof mirrorShop>>;
let folder: string;

/** A folder laid out as a mirror has it, signed, with the small test system in it and its kernel beside. */
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'openbsd-'));
  shop = await mirrorShop();
  const names = ['INSTALL.amd64', 'base79.tgz', 'bsd'];
  const files = names.map(async (name) => [name, await readFile(join(guest, 'sets', name))] as const);
  await shop.put('7.9/amd64', Object.fromEntries(await Promise.all(files)));
  for (const [path, bytes] of shop.upstream.files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), bytes);
  }
  await copyFile(join(guest, 'bsd.rd'), join(folder, '7.9/amd64/bsd.rd'));
  await run('chmod', ['-R', 'a+rX', folder]);
});

after(async () => {
  await shop[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** A host with a mirror of its own, where pf does this with port 80. */
const hostWith = (redirect: 'none' | 'port' | 'loopback') =>
  startImaged({
    settings: 'attempts = 1',
    tables: `[mirror]\ndirectory = ${JSON.stringify(folder)}\nkeys = ${JSON.stringify(shop.keys)}\nsignify = "${signify}"`,
    media: { openbsd: folder },
    vmdOptions: { redirect },
  });

const build = async (imaged: Imaged, example: string, query: string) => {
  const tar = await tarOf(join(top, 'examples', example));
  return postContext(imaged, tar, 'application/x-tar', query);
};

/** What the artifact shows when it is booted once, on an overlay. */
const booted = async (imaged: Imaged, id: string, name: string, key: string, command: string): Promise<string> => {
  const reply = await imaged.call(`/builds/${id}/artifacts/${name}`);
  assert.equal(reply.status, 200);
  const file = join(folder, `${id}.qcow2`);
  await writeFile(file, Buffer.from(await reply.arrayBuffer()));
  return (await run(process.execPath, [join(top, 'dist/script/boot-once.js'), file, key, command])).stdout;
};

const Requests = z.array(z.looseObject({ url: z.string(), status: z.number() }));
const requestsOf = async (imaged: Imaged, id: string) =>
  Requests.parse((await eventsOf(imaged, id)).filter(({ type }) => type === 'http.request').map(({ data }) => data));

const redirects = ['port', 'loopback', 'none'] as const;
// What pf does with port 80 has nothing to do with the release: each has one.
const redirectOf = { current: 'none', '7.7': 'port', '7.4': 'loopback', '7.2': 'none' } as const;

for (const redirect of isLong ? redirects : [redirectOf[release]])
  test(`examples/openbsd installs itself, is provisioned by ssh and published, where pf redirects port 80: ${redirect}`, async () => {
    await using imaged = await hostWith(redirect);
    const key = join(folder, `key-${redirect}`);
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', key]);
    const rootKey = encodeURIComponent(`root_key=${(await readFile(`${key}.pub`, 'utf8')).trim()}`);
    const { id } = await build(imaged, 'openbsd', `?variable=${rootKey}&variable=hostname=puffy`);
    await succeeded(imaged, id);
    const asked = (await requestsOf(imaged, id)).map(({ url }) => url.replace(/[0-9a-f]{2}(:[0-9a-f]{2}){5}/, 'MAC'));
    // Where nobody redirects, the installer is told the whole address; else it finds its answers under its own name.
    assert.ok(asked.includes(redirect === 'none' ? '/install.conf' : '/MAC-install.conf?path=7.9/amd64'), asked.join());
    assert.ok(asked.includes('/disklabel'), asked.join());
    const said = (await eventsOf(imaged, id))
      .filter(({ type }) => type === 'console.said')
      .map(({ data }) => data['text']);
    assert.equal(said.length, redirect === 'none' ? 2 : 1, said.join());
    const fetched = (await eventsOf(imaged, id)).filter(({ type }) => type === 'set.fetched');
    assert.deepEqual(
      fetched
        .map(({ data }) => data['path'])
        .filter((path) => path !== '7.9/amd64/INSTALL.amd64')
        .toSorted(),
      ['7.9/amd64/base79.tgz', '7.9/amd64/bsd'],
    );
    assert.match(await textOf(imaged, id, 'log'), /await-first-boot is done[^]* made of /);
    if (redirect === 'none')
      assert.match(await booted(imaged, id, 'openbsd-7.9.qcow2', key, 'cat /etc/motd'), /^made of /m);
    await proveNothingLeft(imaged);
  });

test(
  'examples/openbsd-site installs a site set, and its password is nowhere in the store',
  isLong ? newest : longOnly,
  async () => {
    await using imaged = await hostWith('none');
    const password = 'correct-horse-battery';
    const { id } = await build(imaged, 'openbsd-site', `?variable=root_password=${password}`);
    await succeeded(imaged, id);
    const asked = (await requestsOf(imaged, id)).map(({ url }) => url);
    assert.ok(asked.includes('/pub/OpenBSD/7.9/amd64/site79.tgz'), asked.join());
    assert.match(await textOf(imaged, id, 'console'), /Installing site79\.tgz/);
    await imaged.kill('SIGTERM');
    for (const file of ['imaged.db', 'imaged.db-wal'])
      assert.ok(!(await readFile(join(imaged.dataDir, file)).catch(() => Buffer.alloc(0))).includes(password), file);
    const image = join(imaged.dataDir, 'builds', id, 'artifacts', 'site-7.9.qcow2');
    const raw = join(folder, 'site.raw');
    await run('qemu-img', ['convert', '-O', 'raw', image, raw]);
    const { stdout } = await run('grep', ['-c', '-a', 'the site set was here', raw]);
    assert.ok(Number(stdout) > 0);
  },
);

test('an installed system is upgraded by upgrade.conf, although DHCP names an installation', newest, async () => {
  await using imaged = await startImaged({
    settings: 'attempts = 1',
    tables: `[mirror]\ndirectory = ${JSON.stringify(folder)}\nkeys = ${JSON.stringify(shop.keys)}\nsignify = "${signify}"`,
    media: { openbsd: folder, tiny: guest },
    vmdOptions: { redirect: 'port' },
  });
  const { id } = await imaged.post({
    template: {
      name: 'upgraded',
      machine: {
        memory: '256M',
        disks: [{ base: 'media:tiny/installed.qcow2', size: '6G' }],
        boot: { kernel: 'media:openbsd/7.9/amd64/bsd.rd', device: 'net' },
      },
      http: {
        'upgrade.conf': {
          autoinstall: { 'Server directory': 'pub/OpenBSD/7.9/amd64', 'Set name(s)': 'done' },
        },
      },
    },
  });
  await succeeded(imaged, id);
  const asked = (await requestsOf(imaged, id)).map(({ url, status }) => `${status} ${url}`);
  assert.ok(asked.some((one) => /^404 .*install\.conf/.test(one)) && asked.includes('200 /upgrade.conf'), asked.join());
  assert.match(await textOf(imaged, id, 'console'), /Performing non-interactive upgrade[^]*CONGRATULATIONS!/);
  await proveNothingLeft(imaged);
});
