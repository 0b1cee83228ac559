import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock as clock } from '../../src/base/clock.ts';
import { said } from '../fixtures/event-times.ts';
import { awaitEvent, eventsOf } from '../fixtures/follow-events.ts';
import { isVmd } from '../fixtures/hypervisor.ts';
import { startImaged, type Imaged } from '../fixtures/imaged.ts';
import { firstUnlessLong, killsOf, longOnly, underQemu } from '../fixtures/long.ts';
import { machinesOf, proveNothingLeft, provePublished, proveSound, workersOf } from '../fixtures/left-behind.ts';
import type { Event } from '../fixtures/published-event.ts';
import { logIn, visit } from '../fixtures/quick-templates.ts';
import { randomFrom } from '../fixtures/random-from.ts';
import { logOf, proveTakenUp, stepsOf } from '../fixtures/taken-up.ts';
import { untilTrue } from '../fixtures/until-true.ts';

const settings = 'workers = 2';
const tables = isVmd ? '' : '[hypervisor.qemu]\naccelerator = "tcg"';

/** The lines of the transcript on which the guest counted, each of which came once and in order. */
const proveCounted = async ({ dataDir }: Imaged, id: string, most: number): Promise<void> => {
  const transcript = await readFile(join(dataDir, 'builds', id, 'console'), 'latin1');
  const counted = [...transcript.matchAll(/^n(\d+)\r*$/gm)].map(([, number]) => Number(number));
  assert.deepEqual(
    counted,
    Array.from({ length: most }, (_, at) => at),
  );
};

/** What holds the line has more to do with a terminal of vmd's. */
const underVmd = isVmd ? {} : longOnly;

const begins =
  (step: string) =>
  ({ type, data }: Event): boolean =>
    type === 'step.started' && data['name'] === step;

const count = (most: number, ms: number) =>
  `i=0; while [ $i -lt ${most} ]; do echo n$i; i=$((i+1)); usleep ${ms * 1000}; done; echo co''unted`;

const counting = (most: number, ms: number) =>
  visit({
    install: {
      console: [...logIn, { hear: '# $', say: count(most, ms) }, { hear: 'counted', within: '5m' }, { hear: '# $' }],
      ends: 'never',
    },
  });

test('a conversation goes on where it was when the daemon was killed, and no byte of the console is lost or doubled', async () => {
  await using imaged = await startImaged({ settings, tables });
  const { id } = await imaged.post({ template: counting(500, 2) });
  assert.ok(await awaitEvent(imaged, id, said('echo n$i')));
  for (let times = 0; times < 2; times++) {
    await imaged.kill('SIGKILL');
    await imaged.start();
  }
  await proveTakenUp(imaged, id, 2);
  await proveCounted(imaged, id, 500);
  await provePublished(imaged, id);
  await proveNothingLeft(imaged);
  await proveSound(imaged);
});

test('a script goes on while there is no daemon, and its output is in the log once', underQemu, async (t) => {
  await using imaged = await startImaged({ settings, tables });
  const script = `${count(120, 20)}; echo said >&2; echo >>/root/ran`;
  const look = ['echo ran $(wc -l </root/ran) times', 'test $(ls -d /tmp/imaged-*.d | wc -l) -eq 1'];
  const { id } = await imaged.post({
    template: visit({
      provisioners: [
        { type: 'shell', name: 'work', inline: [script] },
        { type: 'shell', name: 'look', inline: look },
      ],
    }),
  });
  assert.ok(await awaitEvent(imaged, id, begins('work')));
  await untilTrue(async () => (await logOf(imaged, id)).includes(' n20\n'));
  const began = performance.now();
  await imaged.kill('SIGKILL');
  await imaged.start();
  const awayMs = performance.now() - began;
  await proveTakenUp(imaged, id, 1);
  const log = await logOf(imaged, id);
  const counted = [...log.matchAll(/^\S+ {3}n(\d+)$/gm)].map(([, number]) => Number(number));
  assert.deepEqual(
    counted,
    Array.from({ length: 120 }, (_, at) => at),
  );
  assert.match(log, /^\S+ ! said$/m);
  assert.match(log, /^\S+ {3}ran 1 times$/m);
  t.diagnostic(`the daemon was away for ${Math.round(awayMs)} ms`);
  await proveNothingLeft(imaged);
});

test('SIGTERM lets machines run, and a daemon that is started again goes on with their builds', longOnly, async (t) => {
  await using imaged = await startImaged({ settings, tables: `${tables}\n[upgrade]\nkeep_running = true` });
  const { id } = await imaged.post({ template: counting(500, 2) });
  const work = visit({ provisioners: [{ type: 'shell', name: 'work', inline: ['echo at work; sleep 8'] }] });
  const other = await imaged.post({ template: work });
  assert.ok(await awaitEvent(imaged, id, said('echo n$i')));
  assert.ok(await awaitEvent(imaged, other.id, begins('work')));
  // What has not begun in the guest is not gone on with.
  await untilTrue(async () => (await logOf(imaged, other.id)).includes('at work'));
  const began = performance.now();
  assert.equal(await imaged.kill('SIGTERM'), 0);
  const tookMs = performance.now() - began;
  t.diagnostic(`let go within ${Math.round(tookMs)} ms`);
  assert.ok(tookMs < 5000, `${tookMs}`);
  await imaged.start();
  for (const build of [id, other.id]) await proveTakenUp(imaged, build, 1);
  await proveCounted(imaged, id, 500);
  await imaged.kill('SIGTERM');
  await proveNothingLeft(imaged);
});

test('a step that no daemon can go on with comes to its end before SIGTERM lets its build run', longOnly, async () => {
  await using imaged = await startImaged({ settings, tables: `${tables}\n[upgrade]\nkeep_running = true` });
  const content = 'a line of a file that takes its time\n'.repeat(20_000);
  const provisioners = [
    { type: 'file', name: 'put', content, destination: '/root/put' },
    { type: 'shell', name: 'look', inline: ['wc -l /root/put; ls /root'] },
  ];
  const { id } = await imaged.post({ template: visit({ provisioners }) });
  assert.ok(await awaitEvent(imaged, id, begins('put')));
  assert.equal(await imaged.kill('SIGTERM'), 0);
  await imaged.start();
  await proveTakenUp(imaged, id, 1);
  const log = await logOf(imaged, id);
  assert.match(log, /20000 \/root\/put/);
  assert.equal(log.match(/put begins/g)?.length, 1);
  await proveNothingLeft(imaged);
});

const holdersOf = async (imaged: Imaged) =>
  (await workersOf(imaged)).filter(({ command }) => command.includes('/vmm/holder/main.js '));

test(
  'a machine whose line is held no more is held again, which the log says, and its build goes on',
  underVmd,
  async () => {
    await using imaged = await startImaged({ settings, tables });
    // The guest says the same again and again: what comes in between may be lost.
    const say = 'while :; do echo here; usleep 100000; done &';
    const install = { console: [...logIn, { hear: '# $', say }, { hear: 'here' }, { press: '<wait4s>' }, { hear: 'here' }], ends: 'never' }; // prettier-ignore
    const { id } = await imaged.post({ template: visit({ install }) });
    assert.ok(await awaitEvent(imaged, id, said('while :')));
    const killHolder = async () => {
      const holders = await holdersOf(imaged);
      assert.equal(holders.length, 1);
      for (const { pid } of holders) process.kill(pid, 'SIGKILL');
    };
    await killHolder();
    await untilTrue(async () => (await logOf(imaged, id)).includes('bytes of the console may be missing'));
    await imaged.kill('SIGKILL');
    await killHolder();
    await imaged.start();
    await proveTakenUp(imaged, id, 1);
    const missing = (await logOf(imaged, id)).split('bytes of the console may be missing').length - 1;
    assert.ok(missing >= 2, String(missing));
    await proveNothingLeft(imaged);
  },
);

test(
  'a build whose guest missed something while there was no daemon to ask begins anew, and is not failed',
  longOnly,
  async () => {
    await using imaged = await startImaged({ settings, tables });
    const say = "sleep 3; wget -qO /dev/null {{ http_url }}/word && echo fo''und || echo lo''st";
    const console = [...logIn, { hear: '# $', say }, { hear: '^found', refuse: ['^lost'] }, { hear: '# $' }];
    const { id } = await imaged.post({ template: visit({ http: { word: 'x' }, install: { console, ends: 'never' } }) });
    assert.ok(await awaitEvent(imaged, id, said('sleep 3')));
    await imaged.kill('SIGKILL');
    await untilTrue(async () => /^lost/m.test(await readFile(join(imaged.dataDir, 'run/imaged-0/said'), 'latin1')));
    await imaged.start();
    const { status, fault } = await imaged.ended(id);
    assert.equal(status, 'succeeded', JSON.stringify(fault));
    const [requeued, ...others] = (await eventsOf(imaged, id)).filter(({ type }) => type === 'build.requeued');
    assert.match(JSON.stringify(requeued), /not_taken_up.*The daemon was away/);
    assert.deepEqual(others, []);
    await proveNothingLeft(imaged);
  },
);

/** A shell script that tells on the console that it is at work, and that it goes without what it asks for. */
const asking = (ask: string) => `echo at work >/dev/console; sleep 3; ${ask} || { echo lost >/dev/console; exit 3; }`;

const saidBy = ({ dataDir }: Imaged): Promise<string> =>
  readFile(join(dataDir, 'run/imaged-0/said'), 'latin1').catch(() => '');

/** Ends the daemon so in the middle of the script, and starts it when that has failed meanwhile. */
const awayFor = async (imaged: Imaged, end: NodeJS.Signals, signal: AbortSignal): Promise<void> => {
  while (!/at work/.test(await saidBy(imaged))) await clock.sleep(10, signal);
  await imaged.kill(end);
  await untilTrue(async () => /lost/.test(await saidBy(imaged)));
  await imaged.start();
};

const requeuedIn = async (imaged: Imaged, id: string) =>
  (await eventsOf(imaged, id)).filter(({ type }) => type === 'build.requeued');

for (const end of firstUnlessLong(['SIGKILL', 'SIGTERM'] as const))
  test(
    `a script that asked its endpoint after a ${end} of the daemon fails nothing: the guest is cleaned up, and the build begins anew`,
    longOnly,
    async (t) => {
      await using imaged = await startImaged({ settings, tables: `${tables}\n[upgrade]\nkeep_running = true` });
      const template = visit({
        http: { word: 'x' },
        provisioners: [{ type: 'shell', name: 'ask', inline: [asking('wget -qO /dev/null {{ http_url }}/word')] }],
        error_cleanup_provisioner: { type: 'shell', inline: ['echo cleaned up'] },
      });
      const { id } = await imaged.post({ template, on_error: 'hold' });
      await awayFor(imaged, end, t.signal);
      const { status, fault } = await imaged.until(id, (build) =>
        ['succeeded', 'failed', 'held'].includes(build.status),
      );
      assert.equal(status, 'succeeded', JSON.stringify(fault));
      const [requeued, ...others] = await requeuedIn(imaged, id);
      assert.match(JSON.stringify(requeued), /not_taken_up.*The daemon was away.*provisioner_failed/);
      assert.deepEqual(others, []);
      assert.match(await logOf(imaged, id), /^\S+ {3}cleaned up$/m);
      await imaged.kill('SIGKILL');
      await imaged.start();
      await proveNothingLeft(imaged);
    },
  );

test(
  'a script that fails after the daemon was away begins anew once where it could ask for something, and never where it could not',
  longOnly,
  async (t) => {
    await using imaged = await startImaged({ settings: 'workers = 1', tables });
    const failing = { provisioners: [{ type: 'shell', name: 'ask', inline: [asking('false')] }] };
    const served = await imaged.post({ template: visit({ ...failing, http: { word: 'x' } }) });
    await awayFor(imaged, 'SIGKILL', t.signal);
    await imaged.until(served.id, ({ attempt, status }) => status === 'running' && attempt === 2);
    await awayFor(imaged, 'SIGKILL', t.signal);
    const alone = await imaged.post({ template: visit(failing) });
    const first = await imaged.ended(served.id);
    assert.deepEqual([first.status, first.attempt, first.fault?.code], ['failed', 2, 'provisioner_failed']);
    assert.equal((await requeuedIn(imaged, served.id)).length, 1);
    await awayFor(imaged, 'SIGKILL', t.signal);
    const second = await imaged.ended(alone.id);
    assert.deepEqual([second.status, second.attempt, second.fault?.code], ['failed', 1, 'provisioner_failed']);
    await proveNothingLeft(imaged);
  },
);

test(
  'a script that failed before the daemon was killed is not run again: its build fails by it, and is cleaned up and held as asked',
  longOnly,
  async () => {
    await using imaged = await startImaged({ settings, tables });
    const template = visit({
      provisioners: [{ type: 'shell', name: 'work', inline: ['echo >>/root/ran; sync; exit 3'] }],
      error_cleanup_provisioner: {
        type: 'shell',
        inline: ['echo ran $(wc -l </root/ran) times; sleep 5; echo cleaned'],
      },
    });
    const { id } = await imaged.post({ template, on_error: 'run-cleanup-provisioner' });
    await untilTrue(async () => (await logOf(imaged, id)).includes('ran 1 times'));
    await imaged.kill('SIGKILL');
    await imaged.start();
    const held = await imaged.until(id, ({ status }) => status === 'held');
    assert.deepEqual([held.fault?.code, held.attempt], ['provisioner_failed', 1]);
    assert.deepEqual(
      (await stepsOf(imaged, id)).filter((name) => name === 'work'),
      ['work'],
    );
    const log = await logOf(imaged, id);
    assert.match(log, /^\S+ {3}cleaned$/m);
    assert.doesNotMatch(log, /ran 2 times/);
    await imaged.call(`/builds/${id}/cancel`, { method: 'POST' });
    assert.equal((await imaged.ended(id)).status, 'cancelled');
    await proveNothingLeft(imaged);
  },
);

test('a machine that went while there was no daemon fails its build, which says so', async () => {
  await using imaged = await startImaged({ settings: `${settings}\nattempts = 1`, tables });
  const { id } = await imaged.post({ template: counting(100_000, 2) });
  assert.ok(await awaitEvent(imaged, id, said('echo n$i')));
  await imaged.kill('SIGKILL');
  if (isVmd) await imaged.vmd?.vmctl('stop', '-f', 'imaged-0');
  else for (const { pid } of await machinesOf(imaged)) process.kill(pid, 'SIGKILL');
  await untilTrue(async () => (await holdersOf(imaged)).length === 0);
  await imaged.start();
  const { status, attempt, fault } = await imaged.ended(id);
  assert.deepEqual([status, attempt], ['failed', 1]);
  assert.match(fault?.code ?? '', /^machine_(stopped|crashed)$/);
  await proveNothingLeft(imaged);
});

// A build that saw many daemons die begins anew (rules/crash.ts), so one has to bear fewer.
const kills = killsOf(200);
const killsPerBuild = 5;
const workLines = 40;

/** Why the attempts of a build began anew. */
const reasonsIn = (events: readonly Event[]): readonly string[] =>
  events.filter(({ type }) => type === 'build.requeued').map(({ data }) => JSON.stringify(data['fault']));

test(
  `builds go on through ${kills} kills at random moments: none is lost, and no byte or line of those that went on is`,
  { timeout: kills * 60_000, ...longOnly },
  async (t) => {
    const seed = Number(process.env['IMAGED_SEED'] ?? randomInt(2 ** 31));
    t.diagnostic(`IMAGED_SEED=${seed} repeats these moments`);
    const random = randomFrom(seed);
    await using imaged = await startImaged({ settings, tables });
    let done = 0;
    let went = 0;
    const anew: string[] = [];
    for (let builds = 0; done < kills; builds++) {
      const work = { type: 'shell', name: 'work', inline: [count(workLines, 20)] };
      const { id } = await imaged.post({ template: { ...counting(600, 4), provisioners: [work] } });
      assert.ok(await awaitEvent(imaged, id, said('echo n$i')));
      for (let times = 0; times < killsPerBuild && done < kills; times++) {
        await clock.sleep(random.between(0, 3000), t.signal);
        if ((await imaged.until(id, () => true)).status !== 'running') break;
        await imaged.kill('SIGKILL');
        done += 1;
        await imaged.start();
      }
      const build = await imaged.ended(id);
      assert.equal(build.status, 'succeeded', JSON.stringify(build.fault));
      await provePublished(imaged, id);
      const reasons = reasonsIn(await eventsOf(imaged, id));
      anew.push(...reasons);
      if (reasons.length > 0) continue;
      went += 1;
      const steps = await stepsOf(imaged, id);
      assert.deepEqual(steps, [...new Set(steps)]);
      await proveCounted(imaged, id, 600);
      const counted = [...(await logOf(imaged, id)).matchAll(/^\S+ {3}n(\d+)$/gm)].map(([, number]) => Number(number));
      assert.deepEqual(
        counted,
        Array.from({ length: workLines }, (_, at) => at),
      );
    }
    t.diagnostic(`${done} kills; ${went} builds went on through all of theirs; ${anew.length} attempts began anew`);
    for (const reason of anew) t.diagnostic(reason);
    for (const reason of anew) assert.match(reason, /not_taken_up|begins anew|The daemon died while the build ran/);
    assert.ok(went > 0);
    await proveNothingLeft(imaged);
    await proveSound(imaged);
  },
);
