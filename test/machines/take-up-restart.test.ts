import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock as clock } from '../../src/base/clock.ts';
import { msBetween, said, step } from '../fixtures/event-times.ts';
import { eventsOf } from '../fixtures/follow-events.ts';
import { isLong, isVmd } from '../fixtures/hypervisor.ts';
import { startImaged, type Imaged } from '../fixtures/imaged.ts';
import { proveNothingLeft, provePublished } from '../fixtures/left-behind.ts';
import { visit } from '../fixtures/quick-templates.ts';
import { logOf, proveTakenUp } from '../fixtures/taken-up.ts';
import { firstPrompt, installerMachine } from '../fixtures/tiny-builds.ts';

const tables = `[upgrade]\nkeep_running = true\n${isVmd ? '' : '[hypervisor.qemu]\naccelerator = "tcg"'}`;

/** How long the work in the guest takes by itself. */
const seconds = isLong ? 60 : 10;

// A restart may cost so much, or, on a host that has other work, as much as three starts of the daemon.
const mostMs = (startMs: number) => Math.max(3000, 3 * startMs);

const script = (workSeconds: number) =>
  visit({
    name: 'script',
    provisioners: [
      { type: 'shell', name: 'work', inline: [`echo at work; echo >>/root/ran; sleep ${workSeconds}; echo done`] },
      { type: 'shell', name: 'look', inline: ['echo ran $(wc -l </root/ran) times'] },
    ],
  });

/** An installation by hand, in the middle of which the installer is at work for so long; nothing of it is said twice. */
const installation = async () => ({
  name: 'installation',
  machine: await installerMachine(),
  install: {
    console: [
      { hear: firstPrompt, within: '2m', say: 's' },
      { hear: '# $', say: `echo >>/ran; echo at w''ork; sleep ${seconds}; echo installed $(wc -l </ran) time''s` },
      { hear: 'installed 1 times', within: '5m' },
      { hear: '# $', say: 'poweroff -f' },
    ],
    ends: 'halt',
  },
  artifacts: [{ name: 'installation.qcow2' }],
});

const consoleOf = ({ dataDir }: Imaged, id: string) =>
  readFile(join(dataDir, 'builds', id, 'console'), 'latin1').catch(() => '');

/** Waits until the guest has said so: a machine boots for as long as the host takes. */
const atWork = async (read: () => Promise<string>, signal: AbortSignal): Promise<void> => {
  while (!/at work\r*$/m.test(await read())) await clock.sleep(20, signal);
};

/** Ends the daemon so, and starts it again; gives the milliseconds that the start took. */
const restart = async (imaged: Imaged, signal: NodeJS.Signals): Promise<number> => {
  await imaged.kill(signal);
  const began = clock.elapsed();
  await imaged.start();
  return clock.elapsed() - began;
};

/** One build with a restart in the middle of its work: gives by how much it took longer than the work itself, and the start of the daemon. */
const withRestart = async (imaged: Imaged, what: What, end: NodeJS.Signals, signal: AbortSignal) => {
  const { id } = await imaged.post({ template: await what.template() });
  await atWork(() => what.read(imaged, id), signal);
  const startMs = await restart(imaged, end);
  await proveTakenUp(imaged, id, 1);
  const events = await eventsOf(imaged, id);
  if (what === inScript) assert.match(await logOf(imaged, id), /^\S+ {3}ran 1 times$/m);
  await provePublished(imaged, id);
  return { moreMs: msBetween(events, ...what.work) - seconds * 1000, startMs };
};

type Is = Parameters<typeof msBetween>[1];
type What = {
  readonly template: () => object | Promise<object>;
  readonly read: (imaged: Imaged, id: string) => Promise<string>;
  /** The events between which the guest is at work. */
  readonly work: readonly [from: Is, to: Is];
};

const inScript: What = {
  template: () => script(seconds),
  read: logOf,
  work: [step('started', 'work'), step('ended', 'work')],
};
const inInstallation: What = { template: installation, read: consoleOf, work: [said('at w'), said('poweroff')] };

// All four of them take too long for every day.
const cases = isLong
  ? ([
      ['script', inScript, 'SIGKILL'],
      ['script', inScript, 'SIGTERM'],
      ['installation', inInstallation, 'SIGKILL'],
      ['installation', inInstallation, 'SIGTERM'],
    ] as const)
  : ([['installation', inInstallation, 'SIGTERM']] as const);

for (const [name, what, end] of cases)
  test(
    `a ${end} in the middle of ${name === 'script' ? 'a script' : 'an installation'} of ${seconds} s costs at most 3 s, and no step is run twice`,
    { timeout: 300_000 },
    async (t) => {
      await using imaged = await startImaged({ tables });
      const { moreMs, startMs } = await withRestart(imaged, what, end, t.signal);
      t.diagnostic(`${Math.round(moreMs)} ms more; the daemon started in ${Math.round(startMs)} ms`);
      assert.ok(moreMs <= mostMs(startMs), `${moreMs} ms more`);
      await proveNothingLeft(imaged);
    },
  );

// A new OpenBSD has four devices for taps (MAKEDEV(8)), and vmd of 7.2 gives a user as many machines.
const many = isVmd ? 4 : 10;

test(
  `${many} builds at once outlive one kill of the daemon, and none begins anew`,
  { skip: !isLong && 'many machines at once: IMAGED_LONG', timeout: 900_000 },
  async (t) => {
    await using imaged = await startImaged({ settings: `workers = ${many}`, tables });
    const template = script(60);
    const builds = await Promise.all(Array.from({ length: many }, () => imaged.post({ template })));
    await Promise.all(builds.map(({ id }) => atWork(() => logOf(imaged, id), t.signal)));
    await restart(imaged, 'SIGKILL');
    for (const { id } of builds) {
      await proveTakenUp(imaged, id, 1);
      assert.match(await logOf(imaged, id), /^\S+ {3}ran 1 times$/m);
    }
    await proveNothingLeft(imaged);
  },
);
