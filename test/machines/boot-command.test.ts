import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { BuildView, guest, startImaged, type Imaged } from '../fixtures/imaged.ts';
import { cycle } from '../fixtures/quick-templates.ts';
import { eventsOf } from '../fixtures/follow-events.ts';
import { firstPrompt, installerMachine, succeeded, textOf } from '../fixtures/tiny-builds.ts';

let imaged: Imaged;

before(async () => {
  imaged = await startImaged({
    settings: 'attempts = 1',
    tables: '[hypervisor]\naccelerator = "tcg"',
    media: { tiny: guest },
  });
});

after(() => imaged[Symbol.asyncDispose]());

const token = (pattern: string) => `<expect "${pattern}" 2m>`;

test('waits at the end of a boot command are over when the machine goes as it is due to', async () => {
  const command = [token('cycle# $'), '{{ http_url }}/payload<enter><wait1s><wait30m>'];
  const { id } = await imaged.post({ template: await cycle({ install: { boot_command: command, ends: 'halt' } }) });
  await succeeded(imaged, id);
});

test('a machine that goes otherwise than it is due to fails the build, also while only waits are left', async () => {
  const command = [token('cycle# $'), '{{ http_url }}/payload<enter><wait30m>'];
  const { id } = await imaged.post({ template: await cycle({ install: { boot_command: command, ends: 'reboot' } }) });
  const { status, fault } = BuildView.parse(await imaged.ended(id));
  assert.deepEqual([status, fault?.code], ['failed', 'guest_halted']);
});

test('a failed installation that a boot command began ends the build with the line that the installer printed', async () => {
  const command = [
    token(firstPrompt.replaceAll('"', '\\"')),
    'a<enter>',
    token(String.raw`Response file location\?[^\r\n]* $`),
    '{{ http_url }}/install.conf<enter>',
  ];
  const { id } = await imaged.post({
    template: {
      name: 'installing',
      machine: await installerMachine(),
      http: { 'install.conf': 'System hostname = tiny\n' },
      install: { boot_command: command, timeout: '10m' },
    },
  });
  const { status, fault } = BuildView.parse(await imaged.ended(id));
  assert.deepEqual([status, fault?.code], ['failed', 'console_refused'], JSON.stringify(fault));
});

test('a path that a boot command names and http does not serve is noted in the log and the events of the build', async () => {
  const command = [token('cycle# $'), '{{ http_url }}/payload<enter># {{ http_url }}/nothing<wait30m>'];
  const { id } = await imaged.post({ template: await cycle({ install: { boot_command: command, ends: 'halt' } }) });
  await succeeded(imaged, id);
  assert.match(await textOf(imaged, id, 'log'), /note: \/template\/install\/boot_command: names "nothing" of/);
  const noted = (await eventsOf(imaged, id)).filter(({ type }) => type === 'template.noted');
  assert.equal(noted[0]?.data['pointer'], '/template/install/boot_command');
});
