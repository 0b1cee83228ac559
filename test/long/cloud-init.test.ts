import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { z } from 'zod';
import { example, made } from '../fixtures/debian.ts';
import { startImaged, type Imaged } from '../fixtures/imaged.ts';
import { succeeded, textOf } from '../fixtures/tiny-builds.ts';

let imaged: Imaged;

before(async () => {
  const media = { cloud: await made('cloud-system') };
  imaged = await startImaged({ tables: '[hypervisor.qemu]\naccelerator = "tcg"', media });
});

after(() => imaged[Symbol.asyncDispose]());

const Example = z.looseObject({
  machine: z.looseObject({ cloud_init: z.looseObject({ user_data: z.object({}).loose() }) }),
});

/** The example, of this system and without the network outside. */
const entered = async (base: string, inline: readonly string[]) => {
  const template = Example.parse(JSON.parse(await readFile(join(example('cloud-image'), 'template.json'), 'utf8')));
  const { cloud_init: seed } = template.machine;
  return {
    ...template,
    machine: {
      memory: '512M',
      disks: [{ base, size: '2G' }],
      boot: {
        kernel: 'media:cloud/vmlinuz',
        initrd: 'media:cloud/initrd.img',
        append: 'root=/dev/vda rw console=ttyS0 quiet',
      },
      // Its default takes a while to make, and the package that makes it.
      cloud_init: { ...seed, user_data: { ...seed.user_data, locale: false } },
    },
    provisioners: [{ type: 'shell', inline }],
  };
};

const look = [
  'cloud-init status --wait',
  'echo "data source: $(cloud-init query platform) $(cloud-init query subplatform)"',
  'echo "instance: $(ls /var/lib/cloud/instances | tr "\\n" " ")"',
  'echo "machine: $(cat /etc/machine-id)"',
  'echo "host key: $(cat /etc/ssh/ssh_host_ed25519_key.pub)"',
  'echo "keys: $(grep -c . ~/.ssh/authorized_keys)"',
];

const told = (log: string, what: string) => new RegExp(`^\\S+ {3}${what}: (.*)$`, 'm').exec(log)?.[1]?.trim() ?? '';

test("Debian's cloud-init lets a build in by its seed, and what is sealed begins anew in the next machine", async () => {
  const first = await imaged.post({ template: await entered('media:cloud/disk.raw', [...look, 'sudo logger first-of-all', 'sudo sh -c "echo first-of-all >>/var/log/dpkg.log"']) }); // prettier-ignore
  await succeeded(imaged, first.id);
  const log = await textOf(imaged, first.id, 'log');
  assert.match(told(log, 'data source'), /nocloud/);
  assert.equal(told(log, 'instance'), `imaged-${first.id}`);
  for (const done of [/the host keys of sshd were removed/, /the machine id was removed/, /the logs were emptied/])
    assert.match(log, done);

  // sudo writes the command itself to the journal: it does not hold what it looks for.
  const old = 'sudo grep -rl "first[-]of-all" /var/log || echo "logs: without it"';
  const second = await imaged.post({ template: await entered(`build:${first.id}/debian.qcow2`, [...look, old]) });
  await succeeded(imaged, second.id);
  const seen = await textOf(imaged, second.id, 'log');
  assert.equal(told(seen, 'instance'), `imaged-${second.id}`);
  assert.equal(told(seen, 'keys'), '1');
  assert.equal(told(seen, 'logs'), 'without it');
  for (const what of ['machine', 'host key']) {
    assert.notEqual(told(seen, what), '');
    assert.notEqual(told(seen, what), told(log, what), what);
  }
});
