import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { guest, startImaged, type Imaged } from '../fixtures/imaged.ts';
import { installedMachine, loggedIn, succeeded, textOf, unpackRamdisk } from '../fixtures/tiny-builds.ts';

let imaged: Imaged;
let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hardware-'));
  await unpackRamdisk(folder);
  imaged = await startImaged({ tables: '[hypervisor.qemu]\naccelerator = "tcg"', media: { tiny: guest, own: folder } });
});

after(async () => {
  await imaged[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

test('a guest finds two cards, the first with the address and the MTU that it was given, beside media of files', async () => {
  const machine = await installedMachine(folder);
  const { id } = await imaged.post({
    template: {
      name: 'hardware',
      machine: {
        ...machine,
        nics: [{ mac: '52:54:00:12:34:56', mtu: 1400 }, { model: 'e1000' }],
        cd_of_files: { label: 'CDLABEL', files: { 'a/b.txt': 'a text on a CD' } },
        floppy_of_files: { files: { 'ks.cfg': { content: 'a text on a floppy' } } },
      },
      provisioners: [
        {
          type: 'console',
          console: loggedIn(
            // A card gets its name while the guest comes up.
            'until grep -H . /sys/class/net/*/address /sys/class/net/*/mtu; do sleep 1; done; cat /sys/bus/pci/devices/*/class',
            'echo "mac: {{ mac }}"',
            'poweroff -f',
          ),
        },
      ],
      artifacts: [],
    },
  });
  await succeeded(imaged, id);
  const log = await textOf(imaged, id, 'log');
  assert.match(log, /made a cd labelled "CDLABEL" of 1 file\n/);
  assert.match(log, /made a floppy labelled "packer" of 1 file\n/);
  const said = await textOf(imaged, id, 'console');
  const [, card] = [...said.matchAll(/net\/(\w+)\/address:52:54:00:12:34:56/g)].at(-1) ?? [];
  assert.match(said, new RegExp(`net/${card}/mtu:1400`));
  assert.equal(said.match(/^0x020000\r?$/gm)?.length, 2, 'network cards');
  assert.match(said, /^mac: 52:54:00:12:34:56/m);
});

test('a machine with UEFI comes to the shell of its firmware, and its variables are published', async () => {
  const { id } = await imaged.post({
    template: {
      name: 'uefi',
      machine: { memory: '256M', disks: [{ size: '1M' }], cdrom: 'media:own/ramdisk', firmware: 'uefi' },
      install: {
        console: [
          { hear: 'UEFI Interactive Shell', within: '90s' },
          { hear: 'Shell> ', within: '1m', say: 'reset -s', echo: false },
        ],
        ends: 'halt',
      },
      artifacts: [{ efivars: true }],
    },
  });
  await succeeded(imaged, id);
  const reply = await imaged.call(`/builds/${id}/artifacts/efivars.fd`);
  assert.equal(reply.status, 200);
  assert.match(Buffer.from(await reply.arrayBuffer()).toString('latin1'), /_FVH/);
});
