import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Build, Event } from '../src/client/api/types.ts';
import { asTyped, placeAsTyped } from '../src/client/show/as-typed.ts';
import { consoleText } from '../src/client/show/console-text.ts';
import { faultLines } from '../src/client/show/fault.ts';
import { textOf } from '../src/client/show/output.ts';
import { shownBytes, shownSeconds } from '../src/client/show/units.ts';
import { frameOf } from '../src/client/watch/frame.ts';
import { plannedSteps, stepsAfter, type ShownStep } from '../src/client/watch/steps.ts';

const at = '2026-03-01T12:00:00.000Z';
const now = Date.parse(at) + 4200;

// What is not shown is left out: the types ask for more than a frame reads.
const build = {
  id: '01JZ8Q4M3V9T7K2E5W6X1Y0ABC',
  status: 'running',
  phase: 'installing',
  attempt: 1,
  template: { name: 'tiny' },
  created_at: at,
  started_at: at,
} as unknown as Build;

const event = (type: string, data: object): Event => ({ seq: 1, at, type, data }) as unknown as Event;
const begins = (name: string) => event('step.started', { step: 1, name, phase: 'installing', attempt: 1 });
const ends = (name: string, fault?: object) => event('step.ended', { step: 1, name, ...(fault && { fault }) });

const plan = (...names: readonly string[]) =>
  plannedSteps(names.map((name) => ({ name, phase: 'installing', timeout_seconds: 60 })));
const states = (steps: readonly ShownStep[]) => steps.map(({ state }) => state).join(' ');
const after = (steps: readonly ShownStep[], ...events: readonly Event[]) => events.reduce(stepsAfter, steps);

test('the steps of a plan fill as events come, what is passed over is marked, and another attempt begins anew', () => {
  const steps = after(plan('a', 'b', 'c', 'd'), begins('a'), ends('a'), begins('c'));
  assert.equal(states(steps), 'done skipped running waiting');
  assert.equal(states(after(steps, ends('c', { code: 'x' }))), 'done skipped failed waiting');
  assert.equal(states(after(steps, event('build.running', {}))), 'waiting waiting waiting waiting');
  const unplanned = after(steps, begins('unplanned'));
  assert.equal(states(unplanned), 'done skipped running running waiting');
  assert.deepEqual(unplanned[3]?.name, 'unplanned', 'where it began, and not behind the plan');
  assert.equal(states(after(unplanned, event('build.succeeded', {}))), 'done skipped running running skipped');
});

test('a frame never has more rows than the terminal, and always shows the step that runs', () => {
  const names = fc.integer({ min: 1, max: 60 }).map((many) => Array.from({ length: many }, (_, one) => `step-${one}`));
  fc.assert(
    fc.property(
      names,
      fc.nat(),
      fc.integer({ min: 2, max: 50 }),
      fc.nat({ max: 20 }),
      fc.boolean(),
      (all, which, rows, lines, isAway) => {
        const running = which % all.length;
        const events = all.slice(0, running).flatMap((name) => [begins(name), ends(name)]);
        const steps = after(plan(...all), ...events, begins(`step-${running}`));
        const console = Array.from({ length: lines }, () => 'said');
        const look = { isUnicode: false, columns: 80, rows };
        const frame = frameOf({ build, steps, console, notice: isAway ? 'away' : undefined }, now, look).map((line) =>
          textOf(line, false),
        );
        assert.ok(frame.length < rows, `${frame.length} of ${rows}`);
        assert.ok(
          frame.some((line) => line.startsWith(` > step-${running} `)),
          frame.join('\n'),
        );
      },
    ),
  );
});

test('the bar goes by what the daemon says of progress, else by the steps that are done', () => {
  const steps = after(plan('a', 'b', 'c', 'd'), begins('a'), ends('a'));
  const look = { isUnicode: false, columns: 80, rows: 24 };
  const bar = (one: Build) =>
    frameOf({ build: one, steps, console: [], notice: undefined }, now, look)
      .map((line) => textOf(line, false))
      .at(-1);
  assert.match(bar(build) ?? '', /^ #{10}\.{30}  25 %/);
  const progress = { step: 2, steps: 4, fraction: 0.5, eta_seconds: 75 };
  assert.match(bar({ ...build, progress }) ?? '', /^ #{20}\.{20}  50 %  about 1 min 15 s left$/);
});

test('no sequence of a console is in its text, wherever it is cut', () => {
  const said = 'a\x1b[31mred\x1b[0m\x1b]0;title\x07b\x1bP1$r\x1b\\c\x1b(Bd\x9b2Je\r\nnext\x1b]52;c;aGk=\x1b\\!';
  const whole = 'aredbcde\nnext!';
  for (let cut = 0; cut <= said.length; cut++) {
    const text = consoleText();
    assert.equal(text(said.slice(0, cut)) + text(said.slice(cut)), whole, `cut at ${cut}`);
  }
});

test('nothing of what a daemon says makes a terminal obey: escapes are named in every line', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (hostile) => {
      const fault = { code: 'internal', class: 'guest', title: hostile, message: hostile, saw: hostile, console_tail: hostile, retryable: false } as const; // prettier-ignore
      for (const line of faultLines(fault, { id: hostile, status: 'failed' }))
        assert.doesNotMatch(textOf(line, false), /[\x00-\x08\x0b-\x1f\x7f-\x9f]/);
    }),
  );
});

test('a fault says what failed, what was expected, what came, the end of the console, and what to do', () => {
  const fault = {
    code: 'console_silent',
    class: 'guest',
    title: 'Awaited text did not come on the console',
    message: 'It took 60 s.',
    step: 'install',
    expected: 'login: $',
    saw: 'panic',
    console_tail: 'one\r\ntwo\r\n',
    retryable: false,
  } as const;
  assert.deepEqual(
    faultLines(fault, { id: 'ID', status: 'failed' }).map((line) => textOf(line, false)),
    [
      'Awaited text did not come on the console in step install (console_silent)',
      '  It took 60 s.',
      '  expected  login: $',
      '  saw       panic',
      '  The console said last:',
      '  | one',
      '  | two',
      '  > See what the guest said: imagectl console ID',
      '  > See what was done: imagectl log ID',
    ],
  );
});

test('a build that is held says why, how long it is, and what can be done with its machine', () => {
  const fault = { code: 'provisioner_failed', class: 'guest', title: 'A provisioner failed', message: 'One.\nTwo.', step: 'mark', retryable: false } as const; // prettier-ignore
  const advice = [
    'Look into its machine: imagectl console --attach ID',
    'Mend it in DIR and go on: imagectl resume ID DIR',
    'Let its machine go: imagectl hold --release ID',
  ].map((line) => `> ${line}`);
  const told = faultLines(fault, { id: 'ID', status: 'held' }).map((line) => textOf(line, false).trim());
  assert.deepEqual(told.slice(-4, -1), advice);
  const held = { ...build, id: 'ID', status: 'held', fault, hold: { until: new Date(now + 90_000).toISOString() } } as Build; // prettier-ignore
  const look = { isUnicode: false, columns: 80, rows: 24 };
  const frame = frameOf({ build: held, steps: plan('a'), console: ['said'], notice: undefined }, now, look).map(
    (line) => textOf(line, false).trim(),
  );
  assert.match(frame[0] ?? '', /^tiny {2}ID {2}held, for 1 min 30 s more/);
  assert.deepEqual(frame.slice(-4), ['A provisioner failed: One.', ...advice]);
});

test('a call that a daemon advises, and a place in a request, are told as one types them', () => {
  assert.equal(asTyped('Let it go (DELETE /builds/01AB/hold).'), 'Let it go (imagectl hold --release 01AB).');
  assert.deepEqual(
    ['/duration', '/on_error', 'query:/on_error', '/variables/a~1b', '/machine/memory', '/value'].map(placeAsTyped),
    ['--for', '--on-error', '--on-error', 'variable a/b', '/machine/memory', '/value'],
  );
});

test('times and sizes are told in the unit that a person would choose', () => {
  assert.deepEqual([0.04, 9.94, 12.3, 59.6, 65, 3600, 8000, 90_000].map(shownSeconds), [
    '0.0 s',
    '9.9 s',
    '12 s',
    '1 min',
    '1 min 5 s',
    '1 h',
    '2 h 13 min',
    '1 d 1 h',
  ]);
  assert.deepEqual([0, 1023, 1536, 2 ** 30, 2 ** 50].map(shownBytes), [
    '0 B',
    '1023 B',
    '1.5 KiB',
    '1.0 GiB',
    '1024 TiB',
  ]);
});
