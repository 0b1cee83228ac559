import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { guest, startImaged, type Imaged } from '../fixtures/imaged.ts';
import { postContext, succeeded, tarOf, textOf } from '../fixtures/tiny-builds.ts';
import { longOnly } from '../fixtures/long.ts';

const examples = fileURLToPath(new URL('../../../examples', import.meta.url));

let imaged: Imaged;

before(async () => {
  const tables = '[hypervisor]\naccelerator = "tcg"\nallow_outgoing = true';
  imaged = await startImaged({ settings: 'attempts = 1', tables, media: { tiny: guest } });
});

after(() => imaged[Symbol.asyncDispose]());

const Artifacts = z.looseObject({ items: z.array(z.looseObject({ name: z.string() })) });

test('a Packer template for openbsd-vmm is sent as it is, and is typed, booted again, provisioned and published', async () => {
  const { id } = await postContext(imaged, await tarOf(join(examples, 'packer-json')), 'application/x-tar');
  await succeeded(imaged, id);
  assert.match(await textOf(imaged, id, 'log'), /built from a template of Packer, by the builder openbsd-vmm$/m);
  const { items } = Artifacts.parse(await (await imaged.call(`/builds/${id}/artifacts`)).json());
  // By Packer's defaults: gzip, and MD5.
  assert.deepEqual(items.map(({ name }) => name).toSorted(), ['packer-json.qcow2.gz', 'packer-json.qcow2.gz.md5']);
});

const qemu = {
  type: 'qemu',
  disk_image: true,
  skip_resize_disk: true,
  iso_url: 'media:tiny/installed.qcow2',
  iso_checksum: 'none',
  memory: 256,
  qemuargs: [['-nographic']],
  boot_wait: '-1s',
  boot_steps: [
    ['<expect "login: $" 2m>root<enter><expect "Password: ?$">tiny<enter>', 'log in'],
    ['<expect "# $">mkdir -p /root/.ssh; echo \'{{ .SSHPublicKey }}\' >/root/.ssh/authorized_keys<enter><wait2s>'],
  ],
  ssh_username: 'root',
  ssh_timeout: '3m',
  shutdown_command: 'halt -p',
};

test('a Packer template for qemu goes on with the disk that it begins with, and works in it', longOnly, async () => {
  const template = {
    builders: [qemu],
    provisioners: [{ type: 'shell', inline: ['echo "by $PACKER_BUILDER_TYPE, $PACKER_BUILD_NAME"'] }],
  };
  const { id } = await imaged.post({ template });
  await succeeded(imaged, id);
  assert.match(await textOf(imaged, id, 'log'), /by qemu, qemu$/m);
});

test(
  'a Packer template in HCL2 is sent as it is, and its image is published with its digest; what is sensitive shows nowhere',
  longOnly,
  async () => {
    const archive = await tarOf(join(examples, 'packer-hcl2'));
    const { id } = await postContext(imaged, archive, 'application/x-tar', '?variable=motto=from%20HCL2');
    await succeeded(imaged, id);
    const log = await textOf(imaged, id, 'log');
    assert.match(log, / {2}from HCL2, \d{4}-\d\d-\d\d\n.* {2}<sensitive>\n/);
    assert.doesNotMatch(log, /AAAA-BBBB/);
    const { items } = Artifacts.parse(await (await imaged.call(`/builds/${id}/artifacts`)).json());
    assert.equal(items.length, 2);
    assert.ok(
      items.some(({ name }) => name.endsWith('.sha256')),
      JSON.stringify(items),
    );
  },
);

test(
  'what cleans up after a provisioner runs when one has failed, whose fault is the fault of the build',
  longOnly,
  async () => {
    const template = {
      builders: [qemu],
      provisioners: [{ type: 'shell', inline: ['echo half done >/root/half', 'exit 3'] }],
      'error-cleanup-provisioner': { type: 'shell', inline: ['cat /root/half', 'exit 4'] },
    };
    const { id } = await imaged.post({ template });
    const { status, fault } = await imaged.ended(id);
    assert.deepEqual(
      [status, fault?.code, fault?.step, fault?.saw],
      ['failed', 'provisioner_failed', 'shell-1', 'exit code 3'],
    );
    const log = await textOf(imaged, id, 'log');
    assert.match(log, / {2}half done$/m);
    assert.match(log, /error-cleanup failed after .*\n.*exit code 4[^]*the build fails by its first fault/);
  },
);
