import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeSemaphore } from '../src/base/semaphore.ts';
import { parseBootCommand } from '../src/packer/boot-command.ts';
import { displayOver } from '../src/vmm/qemu/display/display.ts';
import type { QemuHost } from '../src/vmm/qemu/process/spawn.ts';
import { keeper } from '../src/vmm/qemu/keep/keep.ts';
import type { Machine, MachineSpec, Shown } from '../src/vmm/types.ts';
import { awaitKey, echoKeys, videoMode } from './fixtures/echo-guest.ts';
import { bench, hear, on } from './fixtures/qemu-bench.ts';
import { say, writeGuest } from './fixtures/tiny-guest.ts';

const display = 'vga' as const;

const displayOf = (machine: Machine) => {
  assert.ok(machine.display);
  return machine.display;
};

/** Looks until `is` holds. */
const seen = async (machine: Machine, is: (shown: Shown) => boolean): Promise<Shown> => {
  const signal = on();
  for (;;) {
    const shown = await displayOf(machine).look();
    if (is(shown)) return shown;
    signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

/** Runs a machine whose guest says on its serial line that it reads keys from now on. */
const ready = async (machine: Machine): Promise<void> => {
  await machine.run(on());
  await hear(machine.line.bytes[Symbol.asyncIterator](), 'ready');
};

const textOf = (shown: Shown) => (shown.mode === 'text' ? shown.cells : '');

const type = async (machine: Machine, command: string) => {
  const { strokes, parseErrors } = parseBootCommand(command, { by: 'keyboard' });
  assert.deepEqual(parseErrors, []);
  for (const stroke of strokes) {
    if ('keys' in stroke) await displayOf(machine).press(stroke.keys, on());
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

// "<" and "$" begin tokens and expressions, and are written so as text.
const printable = Array.from({ length: 0x7f - 0x20 }, (_, at) => String.fromCharCode(0x20 + at)).join('');
const asKeys = printable.replace('<', '<<On><<Off>').replace('$', '<$On><$Off>');

const media = {
  'a disk': async (): Promise<Partial<MachineSpec>> => ({}),
  'a floppy': async (folder: string): Promise<Partial<MachineSpec>> => {
    const floppy = join(folder, 'floppy.img');
    await writeGuest(floppy, [videoMode(3), say('ready'), echoKeys], 1440);
    return { floppy, boot: { device: 'floppy' } };
  },
};

for (const [medium, change] of Object.entries(media))
  test(`every printable character that is typed reaches a guest on ${medium} as itself, and stands on its VGA`, async () => {
    await using vmm = await bench();
    const machine = await vmm.start([videoMode(3), say('ready'), echoKeys], { display, ...(await change(vmm.folder)) });
    await ready(machine);
    await type(machine, asKeys);
    const shown = await seen(machine, (shown) => textOf(shown).includes('~'));
    assert.equal(textOf(shown).trimEnd(), printable);
    assert.ok(shown.mode === 'text' && shown.columns === 80 && shown.cells.length === 80 * 25);
  });

test('keys are held while a boot command holds them, and keys without a character are there too', async () => {
  await using vmm = await bench();
  const machine = await vmm.start([videoMode(3), say('ready'), echoKeys], { display });
  await ready(machine);
  await type(machine, '<leftShiftOn>ab1<leftShiftOff>ab1<spacebar><rightShiftOn>?<rightShiftOff>x<bs>y<enter>end');
  const shown = await seen(machine, (shown) => textOf(shown).includes('end'));
  assert.equal(textOf(shown).slice(0, 80).trimEnd(), 'AB!ab1 ?y');
  assert.equal(textOf(shown).slice(80, 160).trimEnd(), 'end');
});

test('a graphic mode is told, and the text is there again after it', async () => {
  await using vmm = await bench();
  const machine = await vmm.start([videoMode(0x12), say('ready'), awaitKey, videoMode(3), echoKeys], { display });
  await ready(machine);
  await seen(machine, ({ mode }) => mode === 'graphic');
  await type(machine, '<f2>');
  await seen(machine, (shown) => shown.mode === 'text' && shown.cells.trim() === '');
  await type(machine, 'ok');
  await seen(machine, (shown) => textOf(shown).startsWith('ok'));
});

test('keys that are pressed while the display is looked at all arrive, and a machine is never left standing', async () => {
  await using vmm = await bench();
  const machine = await vmm.start([videoMode(3), say('ready'), echoKeys], { display });
  await ready(machine);
  const looks = (async () => {
    for (let n = 0; n < 100; n++) await displayOf(machine).look();
  })();
  const text = 'abcdefgh'.repeat(10);
  await type(machine, text);
  await looks;
  assert.equal(textOf(await seen(machine, (shown) => textOf(shown).includes(text))).trimEnd(), text);
});

test('a display is blank before its machine runs, and one that has gone says so', async () => {
  await using vmm = await bench();
  const machine = await vmm.start([echoKeys], { display });
  assert.deepEqual(await displayOf(machine).look(), { mode: 'text', columns: 80, cells: '' });
  await machine.run(on());
  await machine.stop('cut', on());
  await assert.rejects(displayOf(machine).look(), { code: 'hypervisor_unavailable' });
  assert.equal((await vmm.start([], {}, 1)).display, undefined);
});

test('who looks at a display and who keeps the machine have the guest stand still one after the other', async () => {
  await using vmm = await bench();
  const spec = await vmm.specOf(0, []);
  const asked: string[] = [];
  const qmp = {
    execute: async (command: string) => {
      asked.push(command);
      return command === 'query-status' ? { status: 'running', running: true } : '';
    },
  };
  const stillness = makeSemaphore(1);
  const turn = await stillness.take(on());
  const looked = displayOver(qmp, stillness).look();
  // Nothing of the host is looked at before the turn.
  const host = {} as QemuHost;
  const keep = keeper({ spec, host, qmp, kill: () => assert.fail('it was killed'), stillness });
  const tired = new AbortController();
  const kept = keep({ folder: vmm.folder, overlays: ['disk.over'] }, tired.signal);
  tired.abort(new Error('enough'));
  await assert.rejects(kept, /enough/);
  assert.deepEqual(asked, []);
  turn[Symbol.dispose]();
  await looked.catch(() => undefined);
  assert.deepEqual([asked[0], asked[1], asked.at(-1)], ['query-status', 'stop', 'cont']);
});
