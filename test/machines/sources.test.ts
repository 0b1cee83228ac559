import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { checksumText } from '../../src/fetch/checksum.ts';
import { fileServer, sumOf, whole } from '../fetch-shop.ts';
import { eventsOf } from '../fixtures/follow-events.ts';
import { isVmd } from '../fixtures/hypervisor.ts';
import { fastAppend, startImaged, tiny } from '../fixtures/imaged.ts';
import { cycle, cycleDigest, cycleMachine } from '../fixtures/quick-templates.ts';
import { succeeded, textOf } from '../fixtures/tiny-builds.ts';

const digestOf = async (reply: Response): Promise<string> => sumOf(Buffer.from(await reply.arrayBuffer())).hex;

test('a machine boots a kernel and a ramdisk that were fetched, once for two builds, the next begins with the artifact, and a compressed CD is refused when it has come', async () => {
  const [kernel, initrd] = [await readFile(tiny('vmlinux').path), await readFile(tiny('cycle.cpio').path)];
  await using server = await fileServer({ '/vmlinux': whole(kernel), '/cycle.cpio': whole(initrd) });
  const packed = Buffer.from('\xfd7zXZ\0 and so on', 'latin1');
  await using archive = await fileServer({ '/x.iso.xz': whole(packed) });
  const tables = `[fetch]\nhosts = ["127.0.0.1:${server.port}", "127.0.0.1:${archive.port}"]\n[hypervisor.qemu]\naccelerator = "tcg"`;
  await using imaged = await startImaged({ tables });
  const remote = (path: string, bytes: Buffer) => ({ urls: [server.at(path)], checksum: checksumText(sumOf(bytes)) });
  const machine = await cycleMachine('1M');
  // vmd is given kernel and ramdisk as one file of the host.
  const boot = isVmd
    ? machine.boot
    : { kernel: remote('/vmlinux', kernel), initrd: remote('/cycle.cpio', initrd), append: await fastAppend() };
  const template = await cycle({ machine: { ...machine, boot } });
  const builds = [await imaged.post({ template }), await imaged.post({ template })];
  for (const { id } of builds) {
    await succeeded(imaged, id);
    assert.equal(await digestOf(await imaged.call(`/builds/${id}/artifacts/cycle.raw`)), cycleDigest);
    const taken = (await eventsOf(imaged, id)).filter(({ type }) => type === 'file.taken');
    assert.equal(taken.length, isVmd ? 0 : 2);
  }
  assert.equal(server.asked.length, isVmd ? 0 : 2);

  // The namespace of the stand-in for vmd does not reach this server.
  if (!isVmd) {
    const cdrom = { urls: [archive.at('/x.iso.xz')], checksum: checksumText(sumOf(packed)) };
    const refused = await imaged.post({ template: await cycle({ machine: { ...machine, boot, cdrom } }) });
    const { fault } = await imaged.ended(refused.id);
    assert.equal(fault?.code, 'base_unusable');
    assert.match(fault.message, /x\.iso\.xz" is compressed by xz: unpack it first/);
  }

  const newest = builds
    .map(({ id }) => id)
    .toSorted()
    .at(-1);
  const disks = [{ base: 'build:latest:cycle/cycle.raw' }];
  const again = await imaged.post({ template: await cycle({ name: 'child', machine: { ...machine, boot, disks } }) });
  await succeeded(imaged, again.id);
  assert.ok((await textOf(imaged, again.id, 'log')).includes(`build:latest:cycle/cycle.raw`));
  assert.match(await textOf(imaged, again.id, 'log'), new RegExp(`build:latest:cycle is build:${newest}`));
  assert.equal(await digestOf(await imaged.call(`/builds/${again.id}/artifacts/cycle.raw`)), cycleDigest);
});
