import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { guest, startImaged, type Imaged } from '../fixtures/imaged.ts';
import { succeeded, textOf } from '../fixtures/tiny-builds.ts';

let imaged: Imaged;

before(async () => {
  imaged = await startImaged({ tables: '[hypervisor.qemu]\naccelerator = "tcg"', media: { tiny: guest } });
});

after(() => imaged[Symbol.asyncDispose]());

test('without a network, every provisioner works over the console, through a reboot and with what is secret masked', async () => {
  const { id } = await imaged.post({
    template: {
      name: 'typed',
      variables: { password: { sensitive: true, required: true }, token: { sensitive: true, required: true } },
      machine: { memory: '256M', disks: [{ base: 'media:tiny/installed.qcow2' }], nics: [] },
      communicator: { type: 'console', password: '{{ password }}', timeout: '2m' },
      provisioners: [
        { type: 'file', content: 'from the template\n', destination: '/etc/motd', mode: '0640' },
        { type: 'shell', env: { TOKEN: '{{ token }}' }, inline: ['echo "token: $TOKEN"', 'ls -l /etc/motd'] },
        { type: 'shell', expect_disconnect: true, inline: ['sync', 'reboot'] },
        { type: 'shell', inline: 'cat /etc/motd' },
        { type: 'file', direction: 'download', source: '/etc/motd', destination: 'motd' },
      ],
      shutdown: { command: 'halt -p', timeout: '1m' },
      artifacts: [{ file: 'motd' }],
    },
    variables: { password: 'tiny', token: 'not-to-be-seen' },
  });
  await succeeded(imaged, id);
  const log = await textOf(imaged, id, 'log');
  assert.match(log, /^\S+Z   token: <sensitive>$/m);
  assert.match(log, /^\S+Z   -rw-r-----.* \/etc\/motd$/m);
  assert.match(log, /^\S+Z   from the template$/m);
  const motd = await imaged.call(`/builds/${id}/artifacts/motd`);
  assert.equal(await motd.text(), 'from the template\n');
  for (const text of [log, await textOf(imaged, id, 'console')])
    assert.ok(!text.includes('not-to-be-seen') && !text.includes(Buffer.from('not-to-be-seen').toString('base64').slice(0, 12))); // prettier-ignore
});
