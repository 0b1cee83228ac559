import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Phase } from '../src/base/records/phase.ts';
import { forecastEnds, type Ahead, type Busy } from '../src/queue/rules/forecast.ts';
import { bucketOf, quantileOf } from '../src/queue/rules/histogram.ts';
import { expectedOf, progressOf, type BegunStep, type ExpectedStep } from '../src/queue/rules/progress.ts';
import { randomFrom } from './fixtures/random-from.ts';

type Planned = { readonly name: string; readonly phase: Phase; readonly sequence?: number };

/** A plan, what its steps were expected to take, and what they take this time: milliseconds. */
type Story = { readonly expected: readonly ExpectedStep[]; readonly tookMs: readonly number[] };

/** The steps that have begun `ms` after the first, when each of them begins at the end of the one before. */
const begunAt = ({ expected, tookMs }: Story, ms: number): readonly BegunStep[] => {
  let at = 0;
  return expected.flatMap(({ name }, index) => {
    const startedAt = at;
    at += tookMs[index] ?? 0;
    if (startedAt > ms) return [];
    return [{ name, startedAt, ...(at <= ms ? { endedAt: at } : {}) }];
  });
};

const whole = ({ tookMs }: Story): number => tookMs.reduce((all, ms) => all + ms, 0);
const at = (story: Story, ms: number) => progressOf(story.expected, begunAt(story, ms), ms);

const ms = fc.integer({ min: 0, max: 600_000 });
const name = fc.constantFrom('make-workspace', 'install', 'shell', 'publish');
const sequence = fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined });
const expectedStep = fc
  .record({ name, ms, isKnown: fc.boolean(), sequence })
  .map(({ sequence: number, ...step }) => ({ ...step, ...(number === undefined ? {} : { sequence: number }) }));
const anyStory: fc.Arbitrary<Story> = fc
  .array(fc.record({ step: expectedStep, took: ms }), { minLength: 1, maxLength: 12 })
  .map((steps) => ({ expected: steps.map(({ step }) => step), tookMs: steps.map(({ took }) => took) }));

test('the fraction never goes back, however long steps take, and is below 1 to the end', () => {
  fc.assert(
    fc.property(anyStory, fc.array(fc.double({ min: 0, max: 1.5, noNaN: true }), { maxLength: 40 }), (story, parts) => {
      let last = 0;
      for (const part of parts.toSorted((one, other) => one - other)) {
        const { fraction, step, steps, leftMs = 0 } = at(story, Math.floor(part * whole(story)));
        assert.ok(fraction >= last && fraction < 1, `${fraction} after ${last}`);
        assert.ok(step >= 0 && step <= steps && steps === story.expected.length);
        assert.ok(leftMs >= 0 && Number.isFinite(leftMs));
        last = fraction;
      }
    }),
  );
});

/** A build whose steps are known to take this long. */
const known = (tookMs: Readonly<Record<string, number>>, sequences: Readonly<Record<string, number>> = {}) =>
  expectedOf(
    Object.keys(tookMs).map((one): Planned => {
      const its = sequences[one];
      return { name: one, phase: 'provisioning', ...(its === undefined ? {} : { sequence: its }) };
    }),
    new Map(Object.entries(tookMs)),
    new Set(),
  );

test('a build that goes as those before it is as far as its time, to a tenth of the step that runs', () => {
  const expected = known({ install: 60_000, shell: 30_000, publish: 10_000 });
  const story = { expected, tookMs: [60_000, 30_000, 10_000] };
  for (const part of [0, 0.1, 0.3, 0.6, 0.75, 0.9, 0.99]) {
    const { fraction, leftMs } = at(story, part * 100_000);
    assert.ok(fraction <= part && fraction >= part - 0.06, `${fraction} at ${part}`);
    assert.ok(leftMs !== undefined && Math.abs(leftMs - (1 - part) * 100_000) < 6000, `${leftMs} ms left at ${part}`);
  }
});

test('a step that takes ten times as long comes closer to the end of its share, and never there', () => {
  const story = { expected: known({ install: 60_000, publish: 60_000 }), tookMs: [600_000, 60_000] };
  const fractions = [60, 120, 300, 599].map((seconds) => at(story, seconds * 1000).fraction);
  assert.deepEqual(fractions, [0.45, 0.475, 0.49, 0.4949]);
  assert.equal(at(story, 600_000).fraction, 0.5);
});

test('steps that are not to be run count as nothing, and so do those that were passed over', () => {
  const plan: readonly Planned[] = [
    { name: 'install', phase: 'installing' },
    { name: 'shell', phase: 'provisioning' },
  ];
  const took = new Map([['install', 900_000]]).set('shell', 10_000);
  const expected = expectedOf(plan, took, new Set(['install']));
  const begun = [{ name: 'shell', startedAt: 0 }];
  assert.deepEqual(progressOf(expected, begun, 5000), { step: 2, steps: 2, fraction: 0.45, leftMs: 5000 });
  // What was not known to be passed over is done when what follows has begun.
  assert.deepEqual(progressOf(expectedOf(plan, took, new Set()), begun, 5000).leftMs, 5000);
});

test('steps side by side take together as long as the longest sequence of them', () => {
  const expected = known(
    { shell: 10_000, vagrant: 30_000, compress: 10_000, sign: 10_000 },
    { vagrant: 1, compress: 2, sign: 2 },
  );
  const begun: BegunStep[] = [
    { name: 'shell', startedAt: 0, endedAt: 10_000 },
    { name: 'vagrant', startedAt: 10_000 },
    { name: 'compress', startedAt: 10_000, endedAt: 20_000 },
    { name: 'sign', startedAt: 20_000 },
  ];
  const { leftMs, fraction } = progressOf(expected, begun, 20_000);
  assert.equal(leftMs, 20_000);
  // 10 of 40 s, and of the other 30: a fifth for the one that is done, three for the one that has done 0.3 of it.
  assert.equal(fraction, 0.535);
});

test('two steps of one name are told apart by their order', () => {
  const plan: readonly Planned[] = ['a', 'b', 'a'].map((one) => ({ name: one, phase: 'provisioning' }));
  const expected = expectedOf(plan, new Map([['a', 1000]]).set('b', 2000), new Set());
  const begun = [
    { name: 'a', startedAt: 0, endedAt: 1000 },
    { name: 'b', startedAt: 1000 },
  ];
  assert.deepEqual([progressOf(expected, begun, 1000).step, progressOf(expected, begun, 1000).fraction], [2, 0.25]);
});

test('nothing is said of the end while half of the build or more is unknown', () => {
  const plan: readonly Planned[] = Phase.options.map((phase) => ({ name: phase, phase }));
  const unknown = progressOf(expectedOf(plan, new Map(), new Set()), [], 0);
  assert.deepEqual(unknown, { step: 0, steps: plan.length, fraction: 0 });
  const cheap = progressOf(expectedOf(plan, new Map([['preparing', 100]]), new Set()), [], 0);
  assert.equal(cheap.leftMs, undefined);
  const most = progressOf(expectedOf(plan, new Map([['installing', 600_000]]), new Set()), [], 0);
  assert.ok(most.leftMs !== undefined && most.leftMs > 600_000);
});

/** What the steps of an installation with provisioners take, in milliseconds, as it was measured once. */
const usual = {
  'make-workspace': 40,
  install: 95_000,
  'boot-from-disk': 14_000,
  connect: 2300,
  packages: 41_000,
  shell: 6200,
  seal: 900,
  export: 11_000,
  publish: 300,
};

const median = (times: readonly number[]) =>
  times.toSorted((one, other) => one - other)[Math.ceil(times.length / 2) - 1] ?? 0;

/** How far off the end of builds is told at half of their time, as a part of the whole, from the best to the worst of 2000. */
const offAtHalf = (vary: { readonly host: number; readonly step: number }): readonly number[] => {
  const off: number[] = [];
  for (let seed = 1; seed <= 200; seed++) {
    const random = randomFrom(seed);
    const about1 = (spread: number) => random.between(1 - spread, 1 + spread);
    const before: (readonly number[])[] = [];
    for (let build = 0; build <= 10; build++) {
      const host = about1(vary.host);
      const tookMs = Object.values(usual).map((ms) => ms * host * about1(vary.step));
      const took = Object.keys(usual).map(
        (one, step) => [one, median(before.map((times) => times[step] ?? 0))] as const,
      );
      const story = { expected: known(Object.fromEntries(took)), tookMs };
      const half = whole(story) / 2;
      if (build > 0) off.push(Math.abs((at(story, half).leftMs ?? Infinity) - half) / whole(story));
      before.push(tookMs);
    }
  }
  return off.toSorted((one, other) => one - other);
};

test('at half of its time, the end of each of ten builds is told to a quarter of the whole', (t) => {
  const calm = offAtHalf({ host: 0.05, step: 0.1 });
  const restless = offAtHalf({ host: 0.1, step: 0.2 });
  const [worst = 1, usually = 1] = [calm.at(-1), restless[1900]];
  t.diagnostic(`a steady host: off by ${(worst * 100).toFixed(0)} % at most, of ${calm.length} builds`);
  t.diagnostic(`one that is now slower, now faster: by ${(usually * 100).toFixed(0)} % in 95 of 100`);
  assert.ok(worst < 0.25 && usually < 0.25, `${worst} ${usually}`);
});

const demand = { memoryMb: 100, diskMb: 100 };
const host = { slots: 2, whole: { memoryMb: 1000, diskMb: 1000 } };
const queued = (id: string, tookMs?: number, change: Partial<Ahead> = {}): Ahead => ({
  ...{ id, demand, notBefore: 0 },
  ...(tookMs === undefined ? {} : { tookMs }),
  ...change,
});

test('queued builds start in their turn, as slots become free', () => {
  const busy: readonly Busy[] = [
    { demand, endsAt: 100 },
    { demand, endsAt: 40 },
  ];
  const ends = forecastEnds([queued('a', 10), queued('b', 30), queued('c', 5)], busy, host, 20);
  assert.deepEqual(
    [...ends],
    [
      ['a', 50],
      ['b', 80],
      ['c', 85],
    ],
  );
});

test('a build waits for memory as well as for a slot, and for the end of its pause', () => {
  const large = { memoryMb: 950, diskMb: 100 };
  const ends = forecastEnds(
    [queued('a', 10, { demand: large }), queued('b', 10, { notBefore: 500 })],
    [{ demand, endsAt: 100 }],
    host,
    0,
  );
  assert.deepEqual(
    [...ends],
    [
      ['a', 110],
      ['b', 510],
    ],
  );
});

test('where it is not known how long a build takes, those that need its slot have no end', () => {
  const ends = forecastEnds([queued('a'), queued('b', 30), queued('c', 5)], [{ demand }], host, 0);
  assert.deepEqual([...ends], []);
  assert.deepEqual(
    [...forecastEnds([queued('a'), queued('b', 30), queued('c', 5)], [], host, 0)],
    [
      ['b', 30],
      ['c', 35],
    ],
  );
});

test('a build that this host could never run keeps no other waiting', () => {
  const huge = queued('huge', 10, { demand: { memoryMb: 9999, diskMb: 1 } });
  assert.deepEqual([...forecastEnds([huge, queued('b', 30)], [], host, 0)], [['b', 30]]);
});

test('whatever runs and waits, no queued build ends before it could have run, and there are never more at once than slots', () => {
  const took = fc.integer({ min: 1, max: 1000 });
  fc.assert(
    fc.property(
      fc.array(took, { maxLength: 30 }),
      fc.array(took, { maxLength: 4 }),
      fc.integer({ min: 1, max: 5 }),
      (queue, runs, slots) => {
        const ahead = queue.map((tookMs, index) => queued(`${index}`, tookMs));
        const busy = runs.slice(0, slots).map((endsAt) => ({ demand, endsAt }));
        const ends = forecastEnds(ahead, busy, { slots, whole: { memoryMb: 10_000, diskMb: 10_000 } }, 0);
        assert.equal(ends.size, queue.length);
        const spans = queue.map((tookMs, index) => ({
          from: (ends.get(`${index}`) ?? 0) - tookMs,
          to: ends.get(`${index}`) ?? 0,
        }));
        const all = [...spans, ...busy.map(({ endsAt }) => ({ from: 0, to: endsAt }))];
        for (const { from } of spans) {
          assert.ok(from >= 0);
          assert.ok(all.filter((one) => one.from <= from && one.to > from).length <= slots);
        }
      },
    ),
  );
});

test('a quantile of counted times is at most 5 % off that of the times themselves', () => {
  const times = fc.array(fc.integer({ min: 1, max: 30 * 86_400_000 }), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(times, fc.constantFrom(0.5, 0.95, 1), (all, part) => {
      const exact = all.toSorted((one, other) => one - other)[Math.ceil(all.length * part) - 1] ?? 0;
      const counted =
        quantileOf(
          all.map((time) => ({ bucket: bucketOf(time), n: 1 })),
          part,
        ) ?? 0;
      // Below 20 ms a whole millisecond is more than that.
      assert.ok(Math.abs(counted - exact) <= Math.max(1, exact * 0.05), `${counted} for ${exact}`);
    }),
  );
  assert.equal(quantileOf([], 0.5), undefined);
});
