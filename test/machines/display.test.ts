import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { cleanupStack } from '../../src/base/cleanup.ts';
import { echoKeys, videoMode } from '../fixtures/echo-guest.ts';
import { isVmd } from '../fixtures/hypervisor.ts';
import { BuildView, startImaged } from '../fixtures/imaged.ts';
import { say, writeGuest } from '../fixtures/tiny-guest.ts';

test(
  'a guest without a serial prompt is talked to by its VGA and keyboard, and its screen stands in the fault and can be read',
  { skip: isVmd && 'vmd has no display' },
  async () => {
    await using cleanup = cleanupStack();
    const own = await mkdtemp(join(tmpdir(), 'display-'));
    cleanup.defer(() => rm(own, { recursive: true }));
    await writeGuest(join(own, 'floppy.img'), [videoMode(3), say('ready'), echoKeys], 1440);
    await using imaged = await startImaged({
      settings: 'attempts = 1',
      tables: '[hypervisor]\naccelerator = "tcg"',
      media: { own },
    });
    const machine = { memory: '64M', floppy: 'media:own/floppy.img', disks: [{ size: '1M' }], display: 'vga' };
    const turns = [
      { hear: 'ready' },
      { by: 'keyboard', press: '{{ host_ip }}, {{ word }}<enter>' },
      { by: 'keyboard', on: 'screen', hear: '^100[.][0-9.]+, [*]+$', within: '20s' },
      { by: 'keyboard', on: 'screen', press: '<esc><expect "never" 1s>' },
    ];
    const { id } = await imaged.post({
      template: {
        name: 'typed',
        machine,
        variables: { word: { sensitive: true } },
        install: { console: turns },
      },
      variables: { word: 'Mellon' },
    });
    const { fault } = BuildView.parse(await imaged.ended(id));
    assert.equal(fault?.code, 'console_silent', JSON.stringify(fault));
    assert.match(String(fault['message']), /"never" did not come on the display within 1 s/);
    assert.match(String(fault['screen']), /^100[.][0-9.]+, \*{6}$/m);
    assert.match(String(fault['console_tail']), /ready/);
    assert.match(await (await imaged.call(`/builds/${id}/screen`)).text(), /^100[.][0-9.]+, \*{6}$/m);
    assert.doesNotMatch(await (await imaged.call(`/builds/${id}/events`)).text(), /Mellon/);
  },
);
