import assert from 'node:assert/strict';
import { test } from 'node:test';
import { afterDeath, crashLimits as limits, isItsDeath } from '../src/queue/rules/crash.ts';
import type { CrashCount, Death } from '../src/queue/rules/crash.ts';

const nothing: CrashCount = { deaths: 0, crashes: 0, loneDeaths: 0, loneCrashes: 0 };

const brief = { stepMs: 400, isAlone: false };
const long = { stepMs: limits.crashAfterMs, isAlone: false };
const alone = (death: Death): Death => ({ ...death, isAlone: true });

/** What the build is after these deaths, one verdict each. */
const verdicts = (deaths: readonly Death[]) => {
  let count = nothing;
  return deaths.map((death) => {
    const after = afterDeath(count, death, limits);
    count = after.count;
    return after.verdict;
  });
};

const times = (many: number, death: Death): readonly Death[] => Array.from({ length: many }, () => death);

test('five deaths within the first 0.4 s of a build, or between two steps, leave it clear', () => {
  assert.deepEqual(new Set(verdicts(times(5, brief))), new Set(['clear']));
  assert.deepEqual(new Set(verdicts(times(5, { stepMs: undefined, isAlone: false }))), new Set(['clear']));
});

test('two deaths in a step that had run for a while make a suspect, and ten brief ones do', () => {
  assert.deepEqual(verdicts(times(2, long)), ['clear', 'suspect']);
  assert.deepEqual(verdicts(times(10, brief)).slice(-2), ['clear', 'suspect']);
});

test('no number of deaths beside other builds fails a build', () => {
  assert.deepEqual(new Set(verdicts(times(1000, long))), new Set(['clear', 'suspect']));
});

test('a suspect is failed by its third death alone in a step that had run for a while, or its fifteenth in all', () => {
  const suspect = times(2, long);
  assert.deepEqual(verdicts([...suspect, ...times(3, alone(long))]).slice(2), ['suspect', 'suspect', 'failed']);
  assert.deepEqual(verdicts([...suspect, ...times(15, alone(brief))]).slice(-2), ['suspect', 'failed']);
  const mixed = [...times(2, alone(long)), ...times(50, long), alone(long)];
  assert.deepEqual(verdicts(mixed).slice(-2), ['suspect', 'failed']);
});

test('a daemon that stops by itself, and a host that went down, are held against no build', () => {
  assert.equal(isItsDeath(undefined, 0), false);
  assert.equal(isItsDeath(1000, 1001), false);
  assert.equal(isItsDeath(1000, 999), true);
});
