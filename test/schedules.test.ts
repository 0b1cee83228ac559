import assert from 'node:assert/strict';
import { utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { cleanupStack } from '../src/base/cleanup.ts';
import type { BuildAsk } from '../src/queue/asked.ts';
import { Fault } from '../src/base/fault.ts';
import { systemIds } from '../src/base/ids.ts';
import type { Admission } from '../src/build/admission.ts';
import { digestOf } from '../src/build/canonical.ts';
import { makeSubmit } from '../src/build/submit.ts';
import type { NewSchedule } from '../src/queue/schedules.ts';
import { makeFire } from '../src/schedules/fire.ts';
import { keepSchedules } from '../src/schedules/keep-schedules.ts';
import { timesOf } from '../src/schedules/times.ts';
import { untilTrue } from './fixtures/until-true.ts';
import { aBuild, anArtifact, claimed, storeShop } from './store-shop.ts';

const berlin = 'Europe/Berlin';

/** The next times of an expression in Berlin after a moment, as minutes in UTC. */
const next = (cron: string, from: string, count: number): readonly string[] => {
  const times = timesOf(cron, berlin);
  const found: string[] = [];
  let moment = Date.parse(from);
  for (let at = 0; at < count; at++) {
    moment = times.after(moment) ?? assert.fail('there is no such time');
    found.push(new Date(moment).toISOString().slice(0, 16));
  }
  return found;
};

test('where clocks are set ahead, a time that is left out comes once, when they are set', () => {
  assert.deepEqual(next('30 2 * * *', '2026-03-28T12:00:00Z', 2), ['2026-03-29T01:00', '2026-03-30T00:30']);
  assert.deepEqual(next('0 * * * *', '2026-03-29T00:30:00Z', 2), ['2026-03-29T01:00', '2026-03-29T02:00']);
});

test('where clocks are set back, a time that comes twice is taken once, and every hour is every hour', () => {
  assert.deepEqual(next('30 2 * * *', '2026-10-24T12:00:00Z', 2), ['2026-10-25T00:30', '2026-10-26T01:30']);
  assert.deepEqual(next('*/30 1-3 * * *', '2026-10-24T23:45:00Z', 4), [
    ...['2026-10-25T00:00', '2026-10-25T00:30', '2026-10-25T02:00', '2026-10-25T02:30'],
  ]);
  assert.deepEqual(next('0 * * * *', '2026-10-24T23:30:00Z', 3), [
    ...['2026-10-25T00:00', '2026-10-25T01:00', '2026-10-25T02:00'],
  ]);
});

test('what is no cron expression or no time zone is refused with a word of what is wrong', () => {
  for (const [cron, zone, why] of [
    ['* * *', 'UTC', /minute, hour, day, month and weekday/],
    ['*/5 * * * * *', 'UTC', /minute, hour/],
    ['2026-01-01T00:00:00', 'UTC', /minute, hour/],
    ['99 * * * *', 'UTC', /minute/],
    ['0 0 0 * *', 'UTC', /Invalid value for day: 0$/],
    ['0 0 * 13 *', 'UTC', /Invalid value for month: 13$/],
    ['@reboot', 'UTC', /minute, hour/],
    ['0 0 * * *', 'Mars/Olympus', /time zone/],
  ] as const)
    assert.throws(() => timesOf(cron, zone), why);
  assert.equal(timesOf('0 0 30 2 *', 'UTC').after(0), undefined);
});

const nightly: NewSchedule = {
  name: 'nightly',
  template: 'tiny',
  variables: {},
  sensitive: [],
  labels: { team: 'infra' },
  cron: '30 2 * * *',
  timeZone: berlin,
  skipUnchanged: true,
  paused: false,
};

/** A store with a template, and who keeps its schedules; the clock stands at a moment. */
const scheduleShop = async (moment: string, refuse: (build: BuildAsk) => Fault | undefined = () => undefined) => {
  const cleanup = cleanupStack();
  const shop = cleanup.keep(await storeShop());
  shop.clock.time = Date.parse(moment);
  const medium = join(shop.folder, 'medium');
  await writeFile(medium, 'an image');
  const putTemplate = (document: object) => shop.store.putTemplate('tiny', document, digestOf(document));
  await putTemplate({ name: 'tiny' });
  const admission: Pick<Admission, 'check'> = {
    check: async (asked) => {
      const { template, variables, labels } = asked;
      const why = refuse(asked);
      if (why) throw why;
      const stored = await shop.store.template(String(template));
      if (stored === undefined) throw new Fault('not_found', `There is no template ${String(template)}.`);
      const build = aBuild({
        ...{ id: systemIds.id(), variables, labels },
        ...{ templateName: stored.name, templateVersion: stored.version },
      });
      return {
        ...build,
        http: [],
        notes: [],
        inputs: { files: [{ path: medium, shown: 'media:medium' }], fetched: [] },
      };
    },
  };
  const start = () => {
    const { store, clock } = shop;
    const submit = makeSubmit({ store, admission, isDraining: () => false, wake: () => undefined });
    const fire = makeFire({ store, admission, submit, clock, ids: systemIds });
    return {
      fire,
      kept: keepSchedules({
        ...{ store, fire, clock, troubleMs: 100 },
        log: { info: () => undefined, warn: () => undefined },
      }),
    };
  };
  let rooms = start();
  cleanup.defer(async () => rooms.kept[Symbol.asyncDispose]());
  const put = async (change: Partial<NewSchedule> = {}) => {
    const schedule = { ...nightly, ...change };
    const first = timesOf(schedule.cron, schedule.timeZone).after(shop.clock.time);
    await shop.store.putSchedule(schedule, schedule.paused ? undefined : first);
    rooms.kept.wake();
  };
  /** Sets the clock. */
  const set = (time: string) => {
    shop.clock.time = Date.parse(time);
    rooms.kept.wake();
  };
  const runs = async () => (await shop.store.scheduleRuns('nightly', 100)).toReversed();
  return {
    shop,
    ...{ medium, put, putTemplate, runs },
    fire: () => rooms.fire,
    stop: () => rooms.kept[Symbol.asyncDispose](),
    restart: async () => {
      await rooms.kept[Symbol.asyncDispose]();
      await shop.reopen();
      rooms = start();
    },
    set,
    /** The same, and waits until nothing is due by it. */
    at: async (time: string) => {
      set(time);
      await untilTrue(async () => (await shop.store.dueSchedule([])) === undefined);
    },
    /** Ends the build that was started last. */
    succeed: async () => {
      const { build, token } = await claimed(shop.store);
      await shop.store.finish(build.id, token, { status: 'succeeded', artifacts: [anArtifact('disk.qcow2')] });
      return build;
    },
    outcomes: async () => (await runs()).map(({ outcome }) => outcome),
    [Symbol.asyncDispose]: () => cleanup[Symbol.asyncDispose](),
  };
};

test('a build is started when the time comes, with the labels of the schedule and its name', async () => {
  await using shop = await scheduleShop('2026-05-01T12:00:00Z');
  await shop.put();
  await shop.at('2026-05-02T00:29:59Z');
  assert.deepEqual(await shop.runs(), []);
  await shop.at('2026-05-02T00:30:00Z');
  assert.deepEqual(await shop.outcomes(), ['started']);
  const build = await shop.succeed();
  assert.deepEqual(build.labels, { team: 'infra', schedule: 'nightly' });
  assert.equal((await shop.shop.store.schedule('nightly'))?.nextAt, Date.parse('2026-05-03T00:30:00Z'));
});

test('times that were missed while the daemon did not run are made up for once', async () => {
  await using shop = await scheduleShop('2026-05-01T12:00:00Z');
  await shop.put();
  await shop.stop();
  shop.shop.clock.time = Date.parse('2026-05-09T12:00:00Z');
  await shop.restart();
  await untilTrue(async () => (await shop.runs()).length > 0);
  await shop.at('2026-05-09T13:00:00Z');
  assert.deepEqual(await shop.outcomes(), ['started']);
  assert.equal((await shop.shop.store.schedule('nightly'))?.nextAt, Date.parse('2026-05-10T00:30:00Z'));
});

test('a clock that is set back runs no time twice', async () => {
  await using shop = await scheduleShop('2026-05-01T12:00:00Z');
  await shop.put({ skipUnchanged: false });
  await shop.at('2026-05-02T00:30:10Z');
  await shop.succeed();
  for (const time of ['2026-05-01T23:30:00Z', '2026-05-02T00:30:00Z', '2026-05-02T00:31:00Z', '2026-05-01T00:30:00Z'])
    await shop.at(time);
  await shop.restart();
  await shop.at('2026-05-02T00:30:00Z');
  assert.deepEqual(await shop.outcomes(), ['started']);
  await shop.at('2026-05-03T00:30:00Z');
  assert.deepEqual(await shop.outcomes(), ['started', 'started']);
});

test('over the end of summer time a night has one run, whichever hour the daemon starts again in', async () => {
  await using shop = await scheduleShop('2026-10-24T12:00:00Z');
  await shop.put({ skipUnchanged: false });
  await shop.at('2026-10-25T00:30:00Z');
  await shop.succeed();
  await shop.restart();
  await shop.at('2026-10-25T01:30:00Z');
  await shop.at('2026-10-25T01:31:00Z');
  assert.equal((await shop.runs()).length, 1);
  await shop.at('2026-10-26T01:30:00Z');
  assert.equal((await shop.runs()).length, 2);
});

test('over the begin of summer time a night has one run', async () => {
  await using shop = await scheduleShop('2026-03-28T12:00:00Z');
  await shop.put({ skipUnchanged: false });
  for (let minute = 0; minute < 180; minute += 15)
    await shop.at(new Date(Date.parse('2026-03-29T00:00:00Z') + minute * 60_000).toISOString());
  assert.equal((await shop.runs()).length, 1);
});

test('no build is started while nothing has changed since the last good one, and the record says which', async () => {
  await using shop = await scheduleShop('2026-05-01T12:00:00Z');
  await shop.put();
  await shop.at('2026-05-02T00:30:00Z');
  const good = await shop.succeed();
  await shop.at('2026-05-03T00:30:00Z');
  const [, skipped] = await shop.runs();
  assert.equal(skipped?.outcome, 'skipped');
  assert.match(skipped.why, new RegExp(`nothing has changed since the build ${good.id}`));
  await shop.putTemplate({ name: 'tiny', machine: { memory: '1G' } });
  await shop.at('2026-05-04T00:30:00Z');
  await shop.succeed();
  await shop.put({ variables: { release: '7.9' } });
  await shop.at('2026-05-05T00:30:00Z');
  await shop.succeed();
  await utimes(shop.medium, 1, 1);
  await shop.at('2026-05-06T00:30:00Z');
  await shop.succeed();
  await shop.at('2026-05-07T00:30:00Z');
  assert.deepEqual(await shop.outcomes(), ['started', 'skipped', 'started', 'started', 'started', 'skipped']);
});

test('what has failed, or was deleted, is built again though nothing has changed', async () => {
  await using shop = await scheduleShop('2026-05-01T12:00:00Z');
  await shop.put();
  await shop.at('2026-05-02T00:30:00Z');
  const { items } = await shop.shop.store.list({}, { limit: 1 });
  await shop.shop.store.cancel(items[0]?.id ?? '');
  await shop.at('2026-05-03T00:30:00Z');
  const good = await shop.succeed();
  await shop.shop.store.remove(good.id);
  await shop.at('2026-05-04T00:30:00Z');
  assert.deepEqual(await shop.outcomes(), ['started', 'started', 'started']);
});

test('while a build of it runs, a schedule starts no other', async () => {
  await using shop = await scheduleShop('2026-05-01T12:00:00Z');
  await shop.put({ skipUnchanged: false });
  await shop.at('2026-05-02T00:30:00Z');
  await shop.at('2026-05-03T00:30:00Z');
  const [, skipped] = await shop.runs();
  assert.match(skipped?.outcome === 'skipped' ? skipped.why : '', /has not ended yet/);
});

test('a daemon that dies after it has started a build, and before it has written that, starts no second one', async () => {
  await using shop = await scheduleShop('2026-05-01T12:00:00Z');
  await shop.put();
  await shop.stop();
  const due = await shop.shop.store.schedule('nightly');
  assert.ok(due?.nextAt);
  shop.shop.clock.time = due.nextAt;
  // Its answer is lost, as it would be.
  const first = await shop.fire().atTime(due, due.nextAt);
  await shop.restart();
  await untilTrue(async () => (await shop.runs()).length > 0);
  const [run] = await shop.runs();
  assert.equal(run?.outcome === 'started' && run.buildId, first.outcome === 'started' && first.buildId);
  assert.equal((await shop.shop.store.list({}, { limit: 10 })).items.length, 1);
});

test('what is wrong with a template is told in the record, and the next time comes all the same', async () => {
  let why: Fault | undefined = new Fault('template_invalid', 'The template is wrong.');
  await using shop = await scheduleShop('2026-05-01T12:00:00Z', () => why);
  await shop.put();
  await shop.at('2026-05-02T00:30:00Z');
  why = undefined;
  await shop.at('2026-05-03T00:30:00Z');
  const [failed] = await shop.runs();
  assert.match(failed?.outcome === 'failed' ? failed.why : '', /The template is wrong/);
  assert.deepEqual(await shop.outcomes(), ['failed', 'started']);
});

test('a schedule whose template brings the host into trouble holds up no other, and is tried again', async () => {
  let trouble: Fault | undefined = new Fault('host_exhausted', 'There is no memory for this.');
  await using shop = await scheduleShop('2026-05-01T12:00:00Z', ({ labels }) =>
    labels['schedule'] === 'early' ? trouble : undefined,
  );
  await shop.put({ name: 'early', cron: '0 2 * * *' });
  await shop.put();
  const outcomes = async (name: string) =>
    (await shop.shop.store.scheduleRuns(name, 100)).map(({ outcome }) => outcome);
  shop.set('2026-05-02T00:30:00Z');
  await untilTrue(async () => (await outcomes('nightly')).length === 1);
  assert.deepEqual(await outcomes('early'), []);
  trouble = undefined;
  await shop.at('2026-05-02T00:32:00Z');
  assert.deepEqual(await outcomes('early'), ['started']);
  assert.deepEqual(await outcomes('nightly'), ['started']);
});

test('a schedule that is paused starts a build by hand alone', async () => {
  await using shop = await scheduleShop('2026-05-01T12:00:00Z');
  await shop.put({ paused: true });
  await shop.at('2026-05-09T00:30:00Z');
  assert.deepEqual(await shop.runs(), []);
  const schedule = await shop.shop.store.schedule('nightly');
  assert.ok(schedule);
  const run = await shop.fire().byHand(schedule, 'ops');
  assert.equal((await shop.shop.store.find(run.buildId))?.requestedBy, 'ops');
});

test('of the runs of a schedule the newest hundred are remembered', async () => {
  await using shop = await storeShop();
  await shop.store.putSchedule(nightly, 1);
  for (let at = 1; at <= 105; at++)
    await shop.store.scheduleRan('nightly', { dueAt: at, at, outcome: 'skipped', why: 'so' });
  const runs = await shop.store.scheduleRuns('nightly', 500);
  assert.equal(runs.length, 100);
  assert.equal(runs[0]?.dueAt, 105);
});
