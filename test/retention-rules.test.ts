import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseConfig } from '../src/config/config.ts';
import { retentionOf } from '../src/wiring/retention-policy.ts';
import { judgeEnded, matchesName, type EndedBuild, type RetentionPolicy } from '../src/queue/rules/retention.ts';

const dayMs = 24 * 60 * 60 * 1000;
const now = 1000 * dayMs;

const anEnd = (change: Partial<EndedBuild> & { readonly days?: number } = {}): EndedBuild => ({
  id: 'x',
  endedAt: now - (change.days ?? 0) * dayMs,
  templateName: 'web',
  labels: {},
  hasSucceeded: true,
  bytes: 0,
  isKept: false,
  ...change,
});

const policyOf = (change: Partial<RetentionPolicy> = {}): RetentionPolicy => ({
  keep: 1000,
  days: 90,
  keepGood: 0,
  rules: [],
  ...change,
});

/** The places of those that go, in a list that has the newest first. */
const goingOf = (policy: Partial<RetentionPolicy>, builds: readonly EndedBuild[]): readonly number[] => {
  const goes = judgeEnded(policyOf(policy), now);
  return builds.flatMap((build, at) => (goes(build) ? [at] : []));
};

test('without rules the newest stay, and none older than the days', () => {
  assert.deepEqual(goingOf({ keep: 2 }, [anEnd(), anEnd(), anEnd()]), [2]);
  assert.deepEqual(goingOf({ days: 30 }, [anEnd({ days: 29 }), anEnd({ days: 31 })]), [1]);
});

test('the newest good build of each template stays beyond its days, however many failed after it', () => {
  const failed = anEnd({ hasSucceeded: false, days: 1 });
  const builds = [failed, anEnd({ days: 100 }), anEnd({ days: 200 }), anEnd({ templateName: 'db', days: 300 })];
  assert.deepEqual(goingOf({ keepGood: 1 }, builds), [2]);
  assert.deepEqual(goingOf({ keepGood: 1, keepEach: 1 }, builds), [2]);
  // It is bounded all the same: names of templates are their clients' to choose.
  assert.deepEqual(goingOf({ keepGood: 1, keep: 2 }, builds), [2, 3]);
});

test('a rule keeps its builds for a time and a number of their own, and the others do not push them out', () => {
  const release = { channel: 'release' };
  const rules = [{ template: 'web*', labels: release, keep: 2, days: 365 }];
  const builds = [
    anEnd(),
    anEnd(),
    anEnd({ labels: release, days: 100 }),
    anEnd({ labels: release, days: 200, templateName: 'web-large' }),
    anEnd({ labels: release, days: 300 }),
    anEnd({ labels: release, templateName: 'db', days: 100 }),
  ];
  assert.deepEqual(goingOf({ keep: 1, rules }, builds), [1, 4, 5]);
});

test('the first rule that speaks of a build decides, and what it leaves out is as for the others', () => {
  const rules = [
    { template: 'web', labels: {}, keepEach: 1 },
    { template: '*', labels: {}, days: 1 },
  ];
  assert.deepEqual(goingOf({ rules }, [anEnd({ days: 2 }), anEnd({ days: 3 })]), [1]);
  assert.deepEqual(goingOf({ rules }, [anEnd({ templateName: 'db', days: 2 })]), [0]);
});

test('of what is larger together than the room for artifacts, the oldest go, but none that is kept', () => {
  const builds = [anEnd({ bytes: 60 }), anEnd({ bytes: 50, isKept: true }), anEnd({ bytes: 30 }), anEnd({ bytes: 0 })];
  assert.deepEqual(goingOf({ bytes: 100 }, builds), [2, 3]);
  assert.deepEqual(goingOf({ bytes: 110, keepGood: 9 }, builds), [2]);
});

test('a name is its pattern just where the pattern as a regular expression says so', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*'), maxLength: 8 });
  fc.assert(
    fc.property(text, fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 10 }), (pattern, name) => {
      const words = pattern.split('*').map((word) => word.replaceAll('.', '\\.'));
      assert.equal(matchesName(pattern, name), new RegExp(`^${words.join('.*')}$`).test(name));
    }),
    { numRuns: 3000 },
  );
});

test('the table [retention] is read as it is meant, and a rule that is none is named by its place', () => {
  const text =
    '[retention]\nkeep = 7\nsize = "1G"\n[[retention.rules]]\ntemplate = "web*"\nlabels = ["a=b=c"]\nkeep_each = 2\n';
  assert.deepEqual(retentionOf(parseConfig(text, 'x').retention), {
    ...{ keep: 7, days: 90, keepGood: 1, bytes: 2 ** 30 },
    rules: [{ template: 'web*', labels: { a: 'b=c' }, keepEach: 2 }],
  });
  assert.throws(
    () => parseConfig('[[retention.rules]]\nlabels = ["a"]\n', 'x'),
    /x: retention\.rules\.0\.labels\.0: "a" is not written key=value/,
  );
});
