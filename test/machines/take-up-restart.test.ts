import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock as clock } from '../../src/base/clock.ts';
import { eventsOf } from '../fixtures/follow-events.ts';
import { isLong, isVmd } from '../fixtures/hypervisor.ts';
import { startImaged, type Imaged } from '../fixtures/imaged.ts';
import { proveNothingLeft, provePublished } from '../fixtures/left-behind.ts';
import type { Event } from '../fixtures/published-event.ts';
import { visit } from '../fixtures/quick-templates.ts';
import { logOf, proveTakenUp } from '../fixtures/taken-up.ts';
import { firstPrompt, installerMachine } from '../fixtures/tiny-builds.ts';
import { untilTrue } from '../fixtures/until-true.ts';

const skip = isVmd ? 'vmd holds the only line of its machines: builds begin anew' : false;
const tables = '[upgrade]\nkeep_running = true\n[hypervisor.qemu]\naccelerator = "tcg"';

/** How long the work in the guest takes by itself. */
const seconds = isLong ? 60 : 10;

// A restart may cost so much, or, on a host that has other work, as much as two starts of the daemon.
const mostMs = (startMs: number) => Math.max(3000, 2 * startMs);

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

/** Milliseconds between two events of a build. */
const between = (events: readonly Event[], from: (event: Event) => boolean, to: (event: Event) => boolean): number => {
  const [one, other] = [events.find(from), events.findLast(to)];
  assert.ok(one && other, JSON.stringify(events.map(({ type }) => type)));
  return Date.parse(other.at) - Date.parse(one.at);
};

const step =
  (type: 'started' | 'ended', name: string) =>
  (event: Event): boolean =>
    event.type === `step.${type}` && event.data['name'] === name;
const said =
  (text: string) =>
  ({ type, data }: Event): boolean =>
    type === 'console.said' && String(data['text']).includes(text);

/** Ends the daemon so, and starts it again; gives the milliseconds that the start took. */
const restart = async (imaged: Imaged, signal: NodeJS.Signals): Promise<number> => {
  await imaged.kill(signal);
  const began = clock.elapsed();
  await imaged.start();
  return clock.elapsed() - began;
};

test(
  `a SIGTERM and a kill -9 in the middle of a script and of an installation of ${seconds} s cost each at most 3 s, and no step is run twice`,
  { skip, timeout: 300_000 },
  async (t) => {
    await using imaged = await startImaged({ settings: 'workers = 2', tables });
    const scripted = await imaged.post({ template: script(seconds) });
    const installed = await imaged.post({ template: await installation() });
    await untilTrue(async () => (await logOf(imaged, scripted.id)).includes('at work\n'));
    await untilTrue(async () => (await consoleOf(imaged, installed.id)).includes('at work'));
    const starts = [await restart(imaged, 'SIGTERM'), await restart(imaged, 'SIGKILL')];
    for (const { id } of [scripted, installed]) await proveTakenUp(imaged, id, 2);

    assert.match(await logOf(imaged, scripted.id), /^\S+ {3}ran 1 times$/m);
    const ofScript = await eventsOf(imaged, scripted.id);
    const ofInstall = await eventsOf(imaged, installed.id);
    const more = {
      script: between(ofScript, step('started', 'work'), step('ended', 'work')) - seconds * 1000,
      installation: between(ofInstall, said('at w'), said('poweroff')) - seconds * 1000,
    };
    t.diagnostic(`more by ${JSON.stringify(more)} ms, starts of the daemon took ${starts.map(Math.round).join(', ')} ms`);
    for (const [what, ms] of Object.entries(more))
      assert.ok(ms <= 2 * mostMs(Math.max(...starts)), `the ${what} took ${ms} ms more`);
    await provePublished(imaged, installed.id);
    await proveNothingLeft(imaged);
  },
);

test(
  'ten builds at once outlive one kill of the daemon, and none begins anew',
  { skip: skip || (!isLong && 'ten machines at once: IMAGED_LONG'), timeout: 900_000 },
  async () => {
    await using imaged = await startImaged({ settings: 'workers = 10', tables });
    const template = script(60);
    const builds = await Promise.all(Array.from({ length: 10 }, () => imaged.post({ template })));
    const atWork = async (id: string) => {
      while (!(await logOf(imaged, id)).includes('at work\n')) await clock.sleep(50, AbortSignal.timeout(300_000));
    };
    await Promise.all(builds.map(({ id }) => atWork(id)));
    await restart(imaged, 'SIGKILL');
    for (const { id } of builds) {
      await proveTakenUp(imaged, id, 1);
      assert.match(await logOf(imaged, id), /^\S+ {3}ran 1 times$/m);
    }
    await proveNothingLeft(imaged);
  },
);
