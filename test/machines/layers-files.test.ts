import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { differingPaths, filesOfImage, type FilesOfImage } from '../fixtures/files-of-image.ts';
import { eventsOf } from '../fixtures/follow-events.ts';
import { isLong, isVmd, kernelBoot } from '../fixtures/hypervisor.ts';
import { fastAppend, startImaged, tiny, type Imaged } from '../fixtures/imaged.ts';
import { visit } from '../fixtures/quick-templates.ts';
import { succeeded } from '../fixtures/tiny-builds.ts';

// Where the systems of the field have them; the test system knows no seed.
const hostKey = '/etc/dropbear/dropbear_ed25519_host_key';
const seed = '/var/lib/systemd/random-seed';
const drawn = '/root/drawn';

/** What two builds of the same input differ in, and why: docs/layers.md says the same. */
const reasons: readonly (readonly [path: RegExp, why: string])[] = [
  [/^\/etc\/dropbear\/ed25519$/, 'the host key that each system makes when it boots first'],
  [/^\/etc\/dropbear\/dropbear_ed25519_host_key$/, 'the same, made anew where the build goes on from a layer'],
  [/^\/var\/lib\/systemd\/random-seed$/, 'the seed of the random numbers of the next boot'],
  [/^\/root\/drawn$/, 'a random number of the guest'],
  [/^\/var\/log\//, 'a log, which has times and process ids in it'],
];

/** What they may differ in besides: a file system puts its files where it likes, and the boot loader writes down where it lies. */
const bootLoader = '/boot/extlinux/ldlinux.sys';

const settle = [
  `mkdir -p /var/lib/systemd; dd if=/dev/urandom of=${seed} bs=512 count=1`,
  `cp /etc/dropbear/ed25519 ${hostKey}`,
  'mkdir -m 2750 /home/kept; echo before >/home/kept/file',
  'chown -R 12:34 /home/kept; chmod 4511 /home/kept/file; chmod 2750 /home/kept',
  'ln -s file /home/kept/link; ln /home/kept/file /home/kept/other',
];

const last = (word: string) => [
  `dd if=/dev/urandom of=${drawn} bs=32 count=1`,
  `echo ${word} >>/home/kept/file; rm /home/kept/link; mkdir -m 1777 /home/after; mv /home/kept/other /home/after/moved`,
  'rm -f /etc/motd; echo later >/home/after/later; chmod 600 /home/after/later; chown 56:78 /home/after/later',
  'rm -rf /root/.ssh; sync',
];

const Template = z.looseObject({ machine: z.looseObject({}) });

/** With its installation; vmd keeps nothing of a system that was there already. */
const installing = async () => {
  const file = fileURLToPath(new URL('../../../examples/tiny-linux/template.json', import.meta.url));
  const template = Template.parse(JSON.parse(await readFile(file, 'utf8')));
  const boot = await kernelBoot(tiny('vmlinux'), tiny('installer.cpio'), await fastAppend());
  const machine = { ...template.machine, boot: { ...boot, ...(isVmd ? { device: 'net' } : {}) } };
  return { ...template, machine, variables: { hostname: { default: 'tiny' } } };
};

let imaged: Imaged;
let base: object;

before(async () => {
  imaged = await startImaged({ tables: '[cache]\nenabled = true\n[hypervisor.qemu]\naccelerator = "tcg"' });
  base = isLong || isVmd ? await installing() : visit();
});
after(() => imaged[Symbol.asyncDispose]());

type Built = { readonly id: string; readonly from: unknown; readonly files: FilesOfImage };

const build = async (word: string, cache: 'auto' | 'off'): Promise<Built> => {
  const provisioners = [
    { type: 'shell', name: 'settle', inline: settle, checkpoint: true },
    { type: 'shell', name: 'last', inline: last(word) },
  ];
  const template = { ...base, name: 'same-files', cache, provisioners, artifacts: [{ name: 'image.qcow2' }] };
  const { id } = await succeeded(imaged, (await imaged.post({ template })).id);
  const hit = (await eventsOf(imaged, id)).find(({ type }) => type === 'layer.hit');
  const files = await filesOfImage(join(imaged.dataDir, 'builds', id, 'artifacts', 'image.qcow2'));
  return { id, from: hit?.data['step'], files };
};

test('a build that goes on from a layer gives the files, modes, owners and contents of one that does all of its work, and two from one layer share no secret', async (t) => {
  await build('first', 'auto');
  const cached = await build('second', 'auto');
  const sister = await build('third', 'auto');
  const plain = await build('second', 'off');
  assert.equal(cached.from, 'settle');
  assert.equal(sister.from, cached.from);
  assert.equal(plain.from, undefined);

  await t.test('what differs is listed, and all that is listed differs', () => {
    assert.ok(cached.files.size > 200, `${cached.files.size} files`);
    const paths = differingPaths(cached.files, plain.files);
    t.diagnostic(`of ${cached.files.size} files ${paths.length} differ: ${paths.join(' ')}`);
    const unexplained = paths.filter((path) => path !== bootLoader && !reasons.some(([known]) => known.test(path)));
    assert.deepEqual(
      unexplained.map((path) => [path, cached.files.get(path), plain.files.get(path)]),
      [],
    );
    for (const [known, why] of reasons)
      assert.ok(
        paths.some((path) => known.test(path)),
        `${why}: no file`,
      );
  });

  await t.test('the modes, owners and links are those that the scripts gave', () => {
    const shown = ['kept', 'kept/file', 'kept/link', 'after', 'after/moved', 'after/later'].map((name) =>
      cached.files.get(`/home/${name}`)?.split(' ').slice(0, 2).join(' '),
    );
    assert.deepEqual(shown, ['042750 12:34', '104511 12:34', undefined, '041777 0:0', '104511 12:34', '100600 56:78']);
  });

  await t.test('host keys, seeds and random numbers of two images from one layer are not the same', () => {
    for (const path of [hostKey, seed, drawn]) {
      assert.ok(cached.files.has(path), path);
      assert.notEqual(cached.files.get(path), sister.files.get(path), path);
    }
  });
});
