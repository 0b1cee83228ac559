import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { systemClock as clock } from '../../src/base/clock.ts';
import { step } from '../fixtures/event-times.ts';
import { awaitEvent, eventsOf } from '../fixtures/follow-events.ts';
import { killsOf } from '../fixtures/long.ts';
import { startImaged, type Imaged } from '../fixtures/imaged.ts';
import { proveNothingLeft, provePublished, proveSound } from '../fixtures/left-behind.ts';
import type { Event } from '../fixtures/published-event.ts';
import { revisit } from '../fixtures/quick-templates.ts';
import { randomFrom } from '../fixtures/random-from.ts';
import { logOf, proveTakenUp } from '../fixtures/taken-up.ts';
import { succeeded } from '../fixtures/tiny-builds.ts';

const tables = '[cache]\nenabled = true\n[hypervisor.qemu]\naccelerator = "tcg"';

const boot = 'cat /proc/sys/kernel/random/boot_id';

/** Two scripts, between which the guest is started anew; both say in which boot they ran. */
const body = (word: string) => ({
  template: {
    ...revisit(),
    cache: { memory: false },
    provisioners: [
      { type: 'shell', name: 'one', inline: [`echo ${word}; ${boot} >>/root/boots; sync`], checkpoint: true },
      { type: 'shell', name: 'two', inline: [`${boot} >>/root/boots; echo in $(sort -u /root/boots | wc -l) boots`] },
    ],
  },
});

const named = async (imaged: Imaged, id: string, type: string): Promise<readonly Event[]> =>
  (await eventsOf(imaged, id)).filter((event) => event.type === type);

test('a guest that was being started anew when the daemon was killed is kept, and its build goes on', async (t) => {
  await using imaged = await startImaged({ settings: 'workers = 1', tables });
  const { id } = await imaged.post(body('first'));
  assert.ok(await awaitEvent(imaged, id, step('started', 'keep-after-one')));
  // That of the installation, the first boot, and the one over the kept disk.
  while ((await named(imaged, id, 'machine.started')).length < 3) await clock.sleep(20, t.signal);
  await clock.sleep(200, t.signal);
  await imaged.kill('SIGKILL');
  await imaged.start();
  await proveTakenUp(imaged, id, 1);
  assert.match(await logOf(imaged, id), /^\S+ {3}in 2 boots$/m);
  assert.equal((await named(imaged, id, 'machine.started')).length, 3);
  const kept = (await named(imaged, id, 'layer.kept')).map(({ data }) => data['step']);
  assert.deepEqual(kept, ['await-end-of-install', 'one', 'shut-down', 'publish']);
  await provePublished(imaged, id);
  await proveNothingLeft(imaged);
});

const kills = killsOf(20, 2);

test(
  `a build outlives ${kills} kills while its guest is started anew, whenever they are: nothing is left, and what is kept is whole`,
  { timeout: kills * 120_000 },
  async (t) => {
    const seed = Number(process.env['IMAGED_SEED'] ?? randomInt(2 ** 31));
    t.diagnostic(`IMAGED_SEED=${seed} repeats these moments`);
    const random = randomFrom(seed);
    await using imaged = await startImaged({ settings: 'workers = 1', tables });
    let restartMs = 5000;
    const anew: string[] = [];
    for (let kill = 0; kill < kills; kill++) {
      // Another first script each time: what comes before it is kept.
      const { id } = await imaged.post(body(`kill ${kill}`));
      assert.ok(await awaitEvent(imaged, id, step('started', 'keep-after-one')));
      await clock.sleep(random.between(0, restartMs), t.signal);
      await imaged.kill('SIGKILL');
      await imaged.start();
      await succeeded(imaged, id);
      assert.match(await logOf(imaged, id), /^\S+ {3}in 2 boots$/m);
      await provePublished(imaged, id);
      for (const { data } of await named(imaged, id, 'build.requeued')) anew.push(JSON.stringify(data['fault']));
      // As long as a restart takes on this host.
      const events = await eventsOf(imaged, id);
      const began = events.findLast(step('started', 'keep-after-one'));
      const ended = events.findLast(step('ended', 'keep-after-one'));
      if (began !== undefined && ended !== undefined) restartMs = Date.parse(ended.at) - Date.parse(began.at);
    }
    t.diagnostic(`${kills - anew.length} of ${kills} went on`);
    for (const reason of new Set(anew)) t.diagnostic(`began anew: ${reason}`);
    for (const reason of anew) assert.match(reason, /not_taken_up|begins anew/);
    await proveNothingLeft(imaged);
    await proveSound(imaged);
  },
);
