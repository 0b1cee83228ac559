import assert from 'node:assert/strict';
import { test } from 'node:test';
import { curlOf } from '../src/page/api/calls.ts';
import { layerStory } from '../src/page/build/layers.ts';
import { isPausedBy } from '../src/page/build/paused.ts';
import { timelineRows } from '../src/page/build/rows.ts';
import { piecesUntil, readCast } from '../src/page/console/asciicast.ts';
import { placeTurns, turnsOf } from '../src/page/console/turns.ts';
import { fieldOf } from '../src/page/new/places.ts';
import { aboutText, agoText, durationText, sizeText } from '../src/page/parts/format.ts';
import { linesBetween } from '../src/page/templates/lines.ts';

const event = (seq: number, type: string, data: Record<string, unknown> = {}) => ({ seq, at: '', type, data });

test('what was heard is found in its order, and what was typed comes behind it', () => {
  const turns = turnsOf([
    event(1, 'console.heard', { text: 'login: ' }),
    event(2, 'console.said', { text: 'root\r' }),
    event(3, 'build.phase', { phase: 'booting' }),
    event(4, 'console.heard', { text: 'login: ' }),
    event(5, 'console.heard', { text: 'never shown' }),
  ]);
  const transcript = 'login: root\r\nlogin: ';
  assert.deepEqual(
    placeTurns(transcript, turns).map(({ turn, at }) => [turn.seq, at]),
    [
      [1, 7],
      [2, 7],
      [4, transcript.length],
      [5, transcript.length],
    ],
  );
});

test('a recording is read without what is no output, and found by its time', () => {
  const cast = '{"version": 2, "width": 80, "height": 24}\n[0.5, "o", "a"]\n[0.6, "i", "x"]\n[2, "o", "b"]\n';
  const pieces = readCast(cast);
  assert.deepEqual(pieces, [
    { at: 0.5, text: 'a' },
    { at: 2, text: 'b' },
  ]);
  assert.deepEqual(
    [0, 0.5, 1.9, 2, 9].map((seconds) => piecesUntil(pieces, seconds)),
    [0, 1, 1, 2, 2],
  );
});

test('a time line has the steps of an attempt from its begin, and what of the plan has not begun', () => {
  const at = (second: number) => new Date(second * 1000).toISOString();
  const common = { attempt: 1, phase: 'booting' } as const;
  const steps = [
    { ...common, seq: 1, name: 'fetch', started_at: at(10), ended_at: at(12) },
    { ...common, seq: 2, name: 'boot', started_at: at(12) },
  ];
  const plan = ['fetch', 'boot', 'publish'].map((name) => ({ name, phase: 'booting' as const, timeout_seconds: 1 }));
  assert.deepEqual(
    timelineRows(steps, plan, { now: 15_000, isOver: false }).map(({ name, state, fromMs, toMs }) => [
      name,
      state,
      fromMs,
      toMs,
    ]),
    [
      ['fetch', 'done', 0, 2000],
      ['boot', 'running', 2000, 5000],
      ['publish', 'planned', 0, 0],
    ],
  );
});

test('a build is at a breakpoint from build.paused until anything shows that it goes on', () => {
  const paused = [event(1, 'step.started'), event(2, 'build.paused'), event(3, 'http.request')];
  assert.ok(isPausedBy(paused));
  assert.ok(!isPausedBy([...paused, event(4, 'build.resumed')]));
  assert.ok(!isPausedBy([...paused, event(4, 'build.failed')]));
  assert.ok(!isPausedBy([]));
});

test('sizes, durations and times are told in few characters', () => {
  assert.deepEqual([0, 1023, 1536, 3 * 2 ** 30].map(sizeText), ['0 B', '1023 B', '1.5 KiB', '3.0 GiB']);
  assert.deepEqual([-5, 440, 12_000, 187_000, 3_729_000].map(durationText), [
    ...['0.0 s', '0.4 s', '12 s', '3:07', '1:02:09'],
  ]);
  assert.deepEqual([0, 89_000, 770_000, 7_500_000, 10_800_000].map(aboutText), [
    ...['1 s', '89 s', '13 min', '2 h 5 min', '3 h'],
  ]);
  const now = Date.parse('2026-03-01T12:00:00Z');
  assert.equal(agoText('2026-03-01T11:55:00Z', now), '5 min ago');
  assert.equal(agoText('2026-02-01T11:55:00Z', now), '2026-02-01');
});

test('a line of curl holds whatever a request holds, in quotes of the shell', () => {
  const line = curlOf({ method: 'PUT', path: 'builds/X/pin', body: `{"reason":"it's $HOME"}` });
  assert.equal(
    line,
    `curl -X PUT --json '{"reason":"it'\\''s $HOME"}' -H "Authorization: Bearer $IMAGED_TOKEN" "$IMAGED_URL"/builds/X/pin`,
  );
});

test('of an attempt the page tells what was taken from layers, kept, missed and waited for', () => {
  const at = (second: number) => new Date(second * 1000).toISOString();
  const told = (seq: number, type: string, data: Record<string, unknown>) => ({ seq, at: at(seq), type, data });
  const events = [
    told(1, 'build.running', { attempt: 1 }),
    told(2, 'layer.missed', { step: 'install', why: 'an earlier attempt' }),
    told(3, 'build.running', { attempt: 2 }),
    told(4, 'layer.awaited', { step: 'provision-1', key: 'k' }),
    told(34, 'layer.hit', { step: 'connect', build: 'B', saved_seconds: 12 }),
    told(35, 'layer.missed', { step: 'provision-1', why: 'file a.sh has changed' }),
    told(36, 'layer.kept', { step: 'provision-1', bytes: 2048 }),
    told(37, 'layer.not_kept', { step: 'provision-2', why: 'it was quick' }),
  ];
  const { hit, marks } = layerStory(events, 2);
  assert.deepEqual(hit, { step: 'connect', build: 'B', savedSeconds: 12 });
  assert.deepEqual(
    marks.map(({ step, kind, about }) => [step, kind, about]),
    [
      ['provision-1', 'awaited', '30 s'],
      ['connect', 'taken', ''],
      ['provision-1', 'missed', 'file a.sh has changed'],
      ['provision-1', 'kept', '2.0 KiB'],
      ['provision-2', 'not kept', 'it was quick'],
    ],
  );
  assert.equal(layerStory(events, 1).hit, undefined);
});

test('what was taken from a layer comes before what has run, and only up to its step', () => {
  const plan = ['install', 'boot', 'provision-1', 'publish'].map((name) => ({
    ...{ name, phase: 'booting' as const, timeout_seconds: 1 },
  }));
  const at = new Date(1000).toISOString();
  const steps = [{ attempt: 1, phase: 'booting' as const, seq: 1, name: 'take-layer', started_at: at, ended_at: at }];
  assert.deepEqual(
    timelineRows(steps, plan, { now: 0, isOver: false, takenUpTo: 'boot' }).map(({ name, state }) => [name, state]),
    [
      ['install', 'taken'],
      ['boot', 'taken'],
      ['take-layer', 'done'],
      ['provision-1', 'planned'],
      ['publish', 'planned'],
    ],
  );
});

test('a place of a request belongs to a field of the form, be it in a body, a query or a file of values', () => {
  assert.deepEqual(
    [
      ...['/variables/a~1b', 'query:/variable/x', 'variables.json:/x/0', '/labels/team', 'query:/label', '/on_error'],
      ...['/template/machine', 'template.json:/priority', '/prioritys'],
    ].map(fieldOf),
    [
      ...['variable:a/b', 'variable:x', 'variable:x', 'labels', 'labels', 'on_error'],
      ...[undefined, undefined, undefined],
    ],
  );
});

test('a difference has what changed with three lines around it, and none where two texts have too little in common', () => {
  const before = Array.from({ length: 20 }, (_, at) => `line ${at}`);
  const after = before.with(10, 'another');
  const told = linesBetween(`${before.join('\n')}\n`, `${after.join('\n')}\n`) ?? [];
  const same = (...numbers: readonly number[]) => numbers.map((at) => `same line ${at}`);
  assert.deepEqual(
    told.map(({ kind, text }) => `${kind} ${text}`),
    [
      ...['left-out 7 lines that are the same', ...same(7, 8, 9), 'removed line 10', 'added another'],
      ...[...same(11, 12, 13), 'left-out 6 lines that are the same'],
    ],
  );
  assert.deepEqual(linesBetween('one\n', 'one\n'), []);
  const numbered = (word: string) => Array.from({ length: 3000 }, (_, at) => `${word} ${at}\n`).join('');
  assert.equal(linesBetween(numbered('one'), numbered('two')), undefined);
});
