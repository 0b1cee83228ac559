import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { parseConfig } from '../src/config/config.ts';
import { BuildAskBody, BuildQuery, HoldAsk, holdMsOf, WaitQuery } from '../src/api/builds/request.ts';
import { Fault } from '../src/base/fault.ts';
import { durationOf, sizeMbOf } from '../src/base/units.ts';
import { parseTemplate } from '../src/template/document/template.ts';

type Taken = { readonly ms: number | undefined } | { readonly why: string | undefined };

const attempt = (read: () => number | undefined): Taken => {
  try {
    return { ms: read() };
  } catch (error) {
    if (error instanceof z.ZodError) return { why: error.issues[0]?.message };
    if (error instanceof Fault) return { why: error.facts.errors?.[0]?.message };
    throw error;
  }
};

/** A duration in each place where a client or an operator writes one. */
const places: Readonly<Record<string, (value: string | number) => Taken>> = {
  'a template': (timeout) => attempt(() => durationOf(parseTemplate({ name: 'x', timeout }).timeout ?? NaN)),
  'the body of a POST': (timeout) => attempt(() => BuildAskBody.shape.timeout.parse(timeout)),
  'the query of a POST': (timeout) => attempt(() => BuildQuery.shape.timeout.parse(String(timeout))),
  'the configuration': (timeout) =>
    attempt(
      () => parseConfig(`[limits]\nbuild_timeout = ${JSON.stringify(timeout)}`, 'imaged.toml').limits.build_timeout,
    ),
};

for (const [place, take] of Object.entries(places))
  test(`durations in ${place} are as everywhere: text of a number, Go's form, at most 31 days`, () => {
    assert.deepEqual(take(90), { ms: 90_000 });
    assert.deepEqual(take('90'), { ms: 90_000 });
    assert.deepEqual(take('1.5'), { ms: 1500 });
    assert.deepEqual(take('90s'), { ms: 90_000 });
    assert.deepEqual(take('1h30m'), { ms: 5_400_000 });
    assert.deepEqual(take('744h'), { ms: 31 * 86_400_000 });
    assert.deepEqual(take('10us'), { ms: 1 });
    const why = 'is out of range: it must be at least 1 ms and at most 31 days';
    assert.deepEqual(take('745h'), { why: `"745h" ${why}` });
    assert.deepEqual(take('-1s'), { why: `"-1s" ${why}` });
    assert.deepEqual(take(0), { why: `"0" ${why}` });
    assert.match(JSON.stringify(take('soon')), /is not a duration: write .*90s.*5m.*1h30m.* or a number of seconds/);
  });

test('a wait and a hold take the same forms, each up to its own bound', () => {
  const wait = (text: string) => attempt(() => WaitQuery.parse({ wait: text }).wait);
  const hold = (duration: string | number) => attempt(() => holdMsOf(HoldAsk.parse({ duration })));
  for (const take of [wait, hold])
    for (const [text, ms] of [
      ['90', 90_000],
      ['1.5', 1500],
      ['1m30s', 90_000],
      ['300ms', 300],
    ] as const)
      assert.deepEqual(take(text), { ms });
  assert.deepEqual(wait('0'), { ms: 0 });
  assert.match(JSON.stringify(wait('301')), /is above 300 s/);
  assert.match(JSON.stringify(wait('soon')), /is not a duration: write /);
  assert.deepEqual(hold(1800), { ms: 1_800_000 });
  assert.match(JSON.stringify(hold('25h')), /held for a day at most/);
  assert.equal(holdMsOf(HoldAsk.parse({ minutes: 1.5 })), 90_000);
  for (const both of [{}, { minutes: 1, duration: '1m' }])
    assert.match(JSON.stringify(HoldAsk.safeParse(both).error?.issues), /"minutes\\" in place of it, and not both/);
});

test('sizes have one largest and no fractions, wherever they stand', () => {
  assert.equal(sizeMbOf('1.5G'), 1536);
  assert.equal(sizeMbOf(512), 512);
  const size = (text: string) => () => parseConfig(`[capacity]\nmemory = "${text}"`, 'imaged.toml');
  assert.throws(size('1.5M'), /capacity\.memory: "1\.5M" is not between 1 MB and 64 TB, in whole MB/);
  assert.throws(size('65T'), /not between 1 MB and 64 TB/);
});
