import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { guest, startImaged, type Imaged } from '../fixtures/imaged.ts';
import { succeeded, textOf } from '../fixtures/tiny-builds.ts';

let imaged: Imaged;
let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ways-in-'));
  imaged = await startImaged({ tables: '[hypervisor.qemu]\naccelerator = "tcg"', media: { tiny: guest, own: folder } });
});

after(async () => {
  await imaged[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** A system that is entered as it is, by root's password. */
const byPassword = (base: string, by: 'cdrom' | 'smbios', inline: readonly string[]) => ({
  template: {
    name: 'by-password',
    variables: { password: { sensitive: true, required: true } },
    machine: { memory: '256M', disks: [{ base }], cloud_init: { by } },
    communicator: { password: '{{ password }}', timeout: '2m' },
    provisioners: [{ type: 'shell', inline }],
    shutdown: { command: 'halt -p', timeout: '1m' },
  },
  variables: { password: 'tiny' },
});

const keys = '/root/.ssh/authorized_keys';

test('a base image is entered by a password, and what is published of it has the keys of others but not that of its build', async () => {
  const { id } = await imaged.post(
    byPassword('media:tiny/installed.qcow2', 'cdrom', [
      // The controller of the drive with the seed.
      'grep -l 0x1004 /sys/bus/pci/devices/*/device || grep -l 0x1048 /sys/bus/pci/devices/*/device',
      'mkdir -p /root/.ssh',
      `printf '%s\\n' 'ssh-ed25519 AAAAother other' '{{ ssh_public_key }}' >${keys}`,
    ]),
  );
  await succeeded(imaged, id);
  const log = await textOf(imaged, id, 'log');
  assert.match(log, /the key of the build was taken out of \/root\/\.ssh\/authorized_keys/);
  const reply = await imaged.call(`/builds/${id}/artifacts/by-password.qcow2`);
  await writeFile(join(folder, 'sealed.qcow2'), Buffer.from(await reply.arrayBuffer()));
  const again = await imaged.post(
    byPassword('media:own/sealed.qcow2', 'smbios', [
      `echo "keys: $(cat ${keys})."`,
      'echo "serial: $(cat /sys/class/dmi/id/product_serial)"',
    ]),
  );
  await succeeded(imaged, again.id);
  const seen = await textOf(imaged, again.id, 'log');
  assert.match(seen, /keys: ssh-ed25519 AAAAother other\.$/m);
  assert.match(seen, /serial: ds=nocloud;s=http:\/\/100\.64\.\d+\.4\/cloud-init\/$/m);
});
