import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeKeepingCosts } from '../src/build/layers/costs.ts';
import { isRestartWorthIt, isShutdownAlone, keepsOf, sinceUp } from '../src/build/layers/restarts.ts';
import type { Spec } from '../src/template/spec.ts';

/** A step that took so many seconds, beginning at a second. */
const step = (name: string, at: number, seconds: number) => ({
  ...{ name, startedAt: at * 1000, endedAt: (at + seconds) * 1000 },
});

const upSteps = [
  step('start-installer', 0, 1),
  step('install', 1, 60),
  step('boot-from-disk', 61, 1),
  step('connect', 62, 9),
];

test('what has run since the guest came up is weighed by what its boot took in this build', () => {
  assert.deepEqual(sinceUp([], []), { work: 0 });
  assert.deepEqual(sinceUp(upSteps, []), { work: 0, boot: 10 });
  const one = [...upSteps, step('one', 71, 5), step('keep-after-one', 76, 0), step('two', 76, 7)];
  assert.deepEqual(sinceUp(one, []), { work: 12, boot: 10 });
  assert.deepEqual(sinceUp(one, ['keep-after-one']), { work: 7, boot: 10 });
});

test('a guest is started anew where its work took longer than that costs, and never by guess', () => {
  const rows = [
    [undefined, { work: 11, boot: 10 }, undefined, true],
    [undefined, { work: 10, boot: 10 }, undefined, false],
    // What was measured counts more than one boot.
    [undefined, { work: 11, boot: 10 }, 12, false],
    [undefined, { work: 11, boot: 30 }, 10, true],
    [undefined, { work: 1000 }, undefined, false],
    [true, { work: 0, boot: 10 }, 100, true],
    [false, { work: 1000, boot: 10 }, 1, false],
  ] as const;
  for (const [checkpoint, since, lasted, is] of rows)
    assert.equal(
      isRestartWorthIt({ checkpoint, isLast: false }, since, lasted),
      is,
      JSON.stringify([checkpoint, since, lasted]),
    );
});

test('behind the last provisioner a guest is started anew only where that is asked for', () => {
  const since = { work: 1000, boot: 1 };
  assert.equal(isRestartWorthIt({ checkpoint: undefined, isLast: true }, since, 1), false);
  assert.equal(isRestartWorthIt({ checkpoint: true, isLast: true }, since, 1), true);
});

test('what starting anew takes is remembered by template, the newest counting as much as all before', () => {
  const costs = makeKeepingCosts();
  assert.equal(costs.restartSeconds('tiny'), undefined);
  costs.restartTook('tiny', 10);
  costs.restartTook('tiny', 20);
  costs.restartTook('other', 3);
  assert.deepEqual([costs.restartSeconds('tiny'), costs.restartSeconds('other')], [15, 3]);
});

test('a command that does more than to shut down is left to the end of the build', () => {
  const alone = [
    ...[
      'halt -p',
      '/sbin/halt -p',
      'poweroff',
      'systemctl poweroff',
      'shutdown -P now',
      'shutdown -hp now',
      'shutdown -h +0',
    ],
    ...['sudo shutdown -P now', 'doas halt -p', "echo 'vagrant' | sudo -S shutdown -P now", 'shutdown /s /t 10 /f'],
  ];
  for (const command of alone) assert.equal(isShutdownAlone([command]), true, command);
  const more = [
    ...[
      'rm -rf /root/.ssh; halt -p',
      'halt -p && true',
      'poweroff -f',
      'reboot',
      'shutdown -r now',
      'sysprep /shutdown',
    ],
    ...['echo $(rm x) | sudo -S halt -p', 'echo "`rm x`" | sudo -S halt -p', 'halt -p\nrm x', ''],
  ];
  for (const command of more) assert.equal(isShutdownAlone([command]), false, command);
  assert.equal(isShutdownAlone(['halt -p ', { runtime: 'vm_name', apply: [] }]), false);
});

/** As much of a spec as is looked at. */
const specOf = (change: object = {}): Spec =>
  ({
    cache: { mode: 'auto', memory: true },
    communicator: { type: 'ssh' },
    disks: [{ format: 'qcow2' }],
    boot: { device: 'disk', kernel: { path: '/bsd.rd' } },
    install: { ends: 'reboot' },
    shutdown: { command: ['halt -p'], timeoutMs: 1000 },
    provisioners: [{}, { checkpoint: false }, { checkpoint: true }, {}],
    ...change,
    // The rest of it is not asked for.
  }) as unknown as Spec;

const vmd = { keepsMachines: false, over: ['qcow2'] } as const;
const qemu = { keepsMachines: true, over: ['raw', 'qcow2'] } as const;
const restartsOf = (change: object = {}, means: typeof vmd | typeof qemu = vmd) => {
  const { restarts, whyNone } = keepsOf(specOf(change), means);
  return whyNone ?? [...restarts].map((part) => part.replace('provisioners/', '')).join(' ');
};

test('a guest is started anew behind provisioners that allow it, and where no running machine is kept', () => {
  assert.equal(restartsOf(), '0 2 3');
  assert.equal(restartsOf({ provisioners: [{}, { checkpoint: true }] }), '0 1');
  assert.equal(restartsOf({ provisioners: [{}] }), '0');
  assert.equal(restartsOf({ provisioners: [] }), '');
  assert.deepEqual(keepsOf(specOf(), qemu), { machines: true, restarts: new Set() });
  assert.equal(restartsOf({ cache: { mode: 'auto', memory: false } }, qemu), '0 2 3');
});

test('what cannot be started anew and be the same says why', () => {
  assert.match(restartsOf({ communicator: undefined }), /does not log in/);
  assert.match(restartsOf({ install: undefined }), /may not boot from its disks/);
  assert.match(restartsOf({ install: { ends: 'never' } }), /may not boot from its disks/);
  assert.equal(
    restartsOf({ install: undefined, boot: { device: 'disk' }, disks: [{ format: 'qcow2', base: {} }] }),
    '0 2 3',
  );
  assert.match(restartsOf({ disks: [{ format: 'raw' }] }), /format raw/);
  assert.equal(restartsOf({ disks: [{ format: 'raw' }], cache: { mode: 'auto', memory: false } }, qemu), '0 2 3');
  const shutdown = { command: ['rm /root/x; halt -p'], timeoutMs: 1000 };
  assert.equal(restartsOf({ shutdown }), '2');
  assert.match(restartsOf({ shutdown, provisioners: [{}, {}] }), /does more than to shut down/);
  assert.equal(restartsOf({ shutdown, provisioners: [{}] }), '', 'it would not have been done anyway');
});
