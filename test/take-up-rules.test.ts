import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../src/base/clock.ts';
import { cleanupStack } from '../src/base/cleanup.ts';
import { asFault, Fault, recordOf, type FaultCode } from '../src/base/fault.ts';
import type { Phase } from '../src/base/records/phase.ts';
import type { Cut } from '../src/build/layers/cuts.ts';
import type { Taken } from '../src/build/layers/layering.ts';
import { faultOfKept, inKept } from '../src/build/layers/unusable.ts';
import { emptyJournal, journalFile, pastIn, readJournal, type Journal } from '../src/build/take-up/journal.ts';
import { makeLetRun } from '../src/build/take-up/let-run.ts';
import { begunAnew, mayComeOfIt, mayHaveMissed, onceBegunAnew } from '../src/build/take-up/missed.ts';
import { makePlace } from '../src/build/take-up/place.ts';
import { whyAnew } from '../src/build/take-up/rules.ts';

const started = { name: 'start-installer', startedAt: 1, endedAt: 2 };
const journal: Journal = {
  ...emptyJournal({ build: 'b', attempt: 1, startedAt: 1, plan: ['start-installer', 'install'] }),
  ended: [started],
};
const build = { id: 'b', status: 'running', attempt: 1, slot: 0, cancelRequested: false };

test('a build is gone on with where its machine runs and everything about it is as it was', () => {
  assert.equal(whyAnew(build, journal, 1), undefined);
  const cases: readonly (readonly [object, Journal | undefined, number])[] = [
    [{ status: 'held' }, journal, 1],
    [{ cancelRequested: true }, journal, 1],
    [{}, journal, 0],
    [{}, undefined, 1],
    [{}, { ...journal, build: 'another' }, 1],
    [{ attempt: 2 }, journal, 1],
    [{}, { ...journal, ended: [{ ...started, name: 'make-key' }] }, 1],
  ];
  for (const [change, other, slots] of cases)
    assert.equal(typeof whyAnew({ ...build, ...change }, other, slots), 'string', JSON.stringify([change, other]));
});

test('a build whose machine goes on from a kept layer is gone on with as one that booted it', () => {
  for (const name of ['start-installer', 'boot-from-disk', 'go-on'])
    assert.equal(whyAnew(build, { ...journal, ended: [{ ...started, name }] }, 1), undefined, name);
});

test('a journal is read as it was written, and one of another form is none', async () => {
  await using cleanup = cleanupStack();
  const folder = await mkdtemp(join(tmpdir(), 'journal-'));
  cleanup.defer(() => rm(folder, { recursive: true }));
  assert.equal(await readJournal(folder), undefined);
  const file = journalFile(folder);
  const inputs = [{ name: 'media:x', uri: 'media:x', sha256: 'ab' }];
  await Promise.all([file.write(journal), file.write({ ...journal, inputs })]);
  const read = await readJournal(folder);
  assert.deepEqual(read, { ...journal, inputs });
  assert.deepEqual(pastIn(read ?? journal), { steps: [started], inputs });
  await writeFile(join(folder, 'journal.json'), JSON.stringify({ ...journal, version: 0 }));
  assert.equal(await readJournal(folder), undefined);
  await file.remove();
  await file.write(journal);
  assert.deepEqual(await readdir(folder), []);
});

const plan = ['start-installer', 'install', 'await-end-of-install', 'type', 'work'];
const done = (names: readonly string[]) => ({
  plan,
  ended: names.map((name) => ({ name, startedAt: 1, endedAt: 2 })),
});
const nics = [{ network: 'local' }] as const;
const provisioners = [
  { name: 'type', type: 'console' },
  { name: 'work', type: 'shell' },
] as const;

test('a guest may have missed something where its endpoint has something to give, or somebody was talking to it', () => {
  const word = [{ kind: 'text', path: 'word', text: [] }] as const;
  const lone = { http: [], nics, provisioners };
  const cases: readonly (readonly [readonly string[], Parameters<typeof mayHaveMissed>[1], boolean, boolean])[] = [
    [plan.slice(0, 4), lone, false, false],
    [plan.slice(0, 4), { ...lone, http: word }, false, true],
    [plan.slice(0, 4), lone, true, true],
    // It reaches no endpoint.
    [plan.slice(0, 4), { ...lone, http: word, nics: [] }, true, false],
    // A conversation of the installer, and of a provisioner.
    [plan.slice(0, 1), lone, false, true],
    [plan.slice(0, 3), lone, false, true],
    // A wait alone.
    [plan.slice(0, 2), lone, false, false],
  ];
  for (const [ended, guest, hasMirror, expected] of cases)
    assert.equal(mayHaveMissed(done(ended), guest, hasMirror), expected, JSON.stringify([ended, guest, hasMirror]));
  // What was missed once stays missed.
  assert.equal(mayHaveMissed({ ...done(plan.slice(0, 4)), missed: true }, lone, false), true);
});

test('what may come of that is a fault of the guest, or a wait for what it was to do by itself', () => {
  const cases: readonly (readonly [FaultCode, Phase, boolean])[] = [
    ['provisioner_failed', 'provisioning', true],
    ['console_refused', 'installing', true],
    ['guest_halted', 'installing', true],
    ['ssh_unreachable', 'connecting', true],
    ['step_timeout', 'installing', true],
    // The script's own deadline.
    ['step_timeout', 'provisioning', false],
    ['build_timeout', 'installing', false],
    ['cancelled', 'installing', false],
    ['guest_floods', 'installing', false],
    ['machine_crashed', 'installing', false],
    ['not_taken_up', 'provisioning', false],
    ['internal', 'provisioning', false],
  ];
  for (const [code, phase, expected] of cases) assert.equal(mayComeOfIt(code, { phase }), expected, `${code} ${phase}`);
});

test('a step begins anew once: what it fails by after that is its own', () => {
  const fault = begunAnew(new Fault('provisioner_failed', 'It ended with 1.', { exitCode: 1 }));
  assert.equal(fault.code, 'not_taken_up');
  assert.match(fault.message, /^It ended with 1\. The daemon was away/);
  const other = recordOf(new Fault('not_taken_up', 'The script has ended with its connection.'));
  const steps = [{ name: 'install' }, { name: 'work', fault: recordOf(fault) }, { name: 'type', fault: other }];
  assert.deepEqual([...onceBegunAnew(steps)], ['work']);
});

test('a login that fails in a kept machine spoils its layer, but where the daemon was away: then the build begins anew', () => {
  const denied = new Fault('ssh_denied', 'No proof was taken.');
  const codeOf = (error: unknown, isTakenUp: boolean, isKept = true) => {
    let spoilt = 0;
    const cut = { step: 'work' } as Cut;
    const from = isKept ? { from: { cut, held: {} as Taken['held'] } } : {};
    const fault = asFault(faultOfKept({ ...from, spoil: () => void spoilt++ }, error, 'log in to it', isTakenUp));
    return [fault.code, spoilt];
  };
  assert.deepEqual(codeOf(denied, false), ['layer_unusable', 1]);
  assert.deepEqual(codeOf(denied, true), ['not_taken_up', 0]);
  assert.deepEqual(codeOf(denied, false, false), ['ssh_denied', 0]);
  const crashed = new Fault('machine_crashed', 'It went.');
  assert.deepEqual(codeOf(crashed, true), ['machine_crashed', 0]);
  assert.deepEqual(codeOf(crashed, false), ['layer_unusable', 1]);
  // The host does these to any machine.
  for (const code of ['storage_full', 'host_exhausted', 'program_missing', 'endpoint_failed', 'cancelled'] as const)
    assert.deepEqual(codeOf(new Fault(code, 'x'), false), [code, 0]);
});

test('a kept machine that does nothing within its time spoils its layer; a client that cancels meanwhile does not', async () => {
  let spoilt = 0;
  const goneOn = { from: { cut: { step: 'work' } as Cut, held: {} as Taken['held'] }, spoil: () => void spoilt++ };
  const hang = (signal: AbortSignal) =>
    new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(new Error('hung up'))));
  const asked = { what: 'tell it the time', withinMs: 20 };
  const never = new AbortController();
  await assert.rejects(inKept(goneOn, hang, asked, { clock: systemClock, signal: never.signal }), {
    code: 'layer_unusable',
    message: /after work .* could not tell it the time\. It took longer than 0\.02 s\./,
  });
  assert.equal(spoilt, 1);
  const client = new AbortController();
  const waiting = inKept(goneOn, hang, { ...asked, withinMs: 60_000 }, { clock: systemClock, signal: client.signal });
  client.abort(new Fault('cancelled', 'x'));
  await assert.rejects(waiting, /hung up/);
  assert.equal(spoilt, 1);
});

test('what a guest has missed shows in what it does by itself after that, and in one step in which the build works in it', () => {
  const parts = { open: [], failed: [], past: { inputs: () => [] }, letRun: makeLetRun(), logMark: async () => 0 };
  const file = { write: async () => undefined, remove: async () => undefined };
  const shown = (first: Journal, begunBefore: readonly string[], phases: readonly Phase[]) => {
    const place = makePlace(first, file, { ...parts, begunAnew: new Set(begunBefore) });
    return phases.map((phase, at) => place.mayShowMissed({ name: `${phase}-${at}`, phase }));
  };
  const missed = { ...journal, missed: true };
  const phases: readonly Phase[] = ['installing', 'booting', 'connecting', 'provisioning', 'provisioning', 'sealing'];
  assert.deepEqual(shown(missed, [], phases), [true, true, true, true, false, false]);
  assert.deepEqual(shown(missed, [], ['provisioning', 'provisioning']), [true, false]);
  assert.deepEqual(shown(missed, ['provisioning-0'], ['provisioning', 'provisioning']), [false, false]);
  assert.deepEqual(shown(journal, [], ['installing', 'provisioning']), [false, false]);
});
