import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BuildView, guest, startImaged } from '../fixtures/imaged.ts';
import { cycle } from '../fixtures/quick-templates.ts';
import { succeeded } from '../fixtures/tiny-builds.ts';

test('a guest is understood by its screen, which can be read afterwards, and what it never shows is told', async () => {
  await using imaged = await startImaged({
    settings: 'attempts = 1',
    tables: '[hypervisor]\naccelerator = "tcg"',
    media: { tiny: guest },
  });
  const prompt = { hear: '^cycle#$', on: 'screen' };
  const good = [
    { ...prompt, say: '{{ http_url }}/payload' },
    { hear: '^cycle done$', on: 'screen', refuse: ['cycle failed'] },
  ];
  const { id } = await imaged.post({ template: await cycle({ install: { console: good, ends: 'halt' } }) });
  await succeeded(imaged, id);
  const screen = await imaged.call(`/builds/${id}/screen`);
  assert.match(await screen.text(), /^cycle# http:\/\/\S+payload\ncycle done$/m);

  const bad = [
    { ...prompt, press: '<bs>' },
    { hear: 'never', on: 'screen', within: '1s' },
  ];
  const failing = await imaged.post({ template: await cycle({ install: { console: bad } }) });
  const { fault } = BuildView.parse(await imaged.ended(failing.id));
  assert.equal(fault?.code, 'console_silent');
  assert.match(fault?.saw ?? '', /cycle#/);
});
