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

/** A daemon, and a machine whose floppy holds a guest that does these things. */
const daemonWith = async (does: readonly Buffer[]) => {
  const cleanup = cleanupStack();
  const own = await mkdtemp(join(tmpdir(), 'display-'));
  cleanup.defer(() => rm(own, { recursive: true }));
  await writeGuest(join(own, 'floppy.img'), does, 1440);
  const tables = '[hypervisor]\naccelerator = "tcg"';
  const imaged = cleanup.keep(await startImaged({ settings: 'attempts = 1', tables, media: { own } }));
  const machine = { memory: '64M', floppy: 'media:own/floppy.img', disks: [{ size: '1M' }] };
  return { imaged, machine, [Symbol.asyncDispose]: () => cleanup[Symbol.asyncDispose]() };
};

const skip = isVmd && 'vmd has no display';

test(
  'a guest without a serial prompt is talked to by its VGA and keyboard, and its screen stands in the fault and can be read',
  { skip },
  async () => {
    await using shop = await daemonWith([videoMode(3), say('ready'), echoKeys]);
    const { imaged } = shop;
    const machine = { ...shop.machine, display: 'vga' };
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

test(
  'the fault of a guest that never says a word names the display that its boot loader may want, and one that spoke is told none of it',
  { skip },
  async () => {
    for (const [does, told] of [
      [[], /Nothing came on the console since .*hangs without one; set "display" of "machine" to "vga"\.$/],
      [[say('a word')], /give it more time\.$/],
    ] as const) {
      await using shop = await daemonWith(does);
      const install = { console: [{ hear: 'never', within: '3s' }] };
      const { id } = await shop.imaged.post({ template: { name: 'silent', machine: shop.machine, install } });
      const { fault } = BuildView.parse(await shop.imaged.ended(id));
      assert.equal(fault?.code, 'console_silent', JSON.stringify(fault));
      assert.match(String(fault['message']), told);
    }
  },
);
