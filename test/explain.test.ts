import { untilTrue } from './fixtures/until-true.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeActivity } from '../src/base/activity/activity.ts';
import { Fault, type FaultCode, type FaultFacts } from '../src/base/fault.ts';
import { doingNow } from '../src/build/machine/doing.ts';
import { explained } from '../src/build/machine/explain.ts';
import { makeTally } from '../src/guest/ssh/tally.ts';
import { consoleOver } from './fixtures/console-desk.ts';
import { guestLine } from './fixtures/console-line.ts';

/** A console that has shown this text. */
const shown = async (text: string) => {
  const guest = guestLine();
  const desk = await consoleOver(guest.line);
  await guest.print(text);
  guest.close();
  await desk.console.drained;
  return desk;
};

const told = (code: FaultCode, facts: FaultFacts = {}, message = 'It went wrong.') =>
  explained(new Fault(code, message, facts), undefined);

test('a fault without the last lines of the console gets them, and one that has them keeps its own', async () => {
  await using desk = await shown('starting network\r\nlogin: ');
  for (const code of ['ssh_unreachable', 'step_timeout', 'provisioner_failed', 'cancelled', 'guest_halted'] as const)
    assert.equal(explained(new Fault(code, 'no'), desk).facts.consoleTail, 'starting network\nlogin:', code);
  assert.equal(explained(new Fault('console_silent', 'no', { consoleTail: 'then' }), desk).facts.consoleTail, 'then');
  assert.equal(told('disk_failed').facts.consoleTail, undefined);
});

test('a full disk of the guest is named, wherever the guest says it', () => {
  const lines = [
    'tar: ./usr/lib/libc.so: No space left on device',
    '/: write failed, file system is full',
    'uid 0 on /: file system full',
    'pid 71 (sh), uid 0 inumber 9 on /tmp: filesystem full',
  ];
  for (const line of lines)
    for (const facts of [{ output: `before\n${line}\nafter` }, { consoleTail: line }]) {
      const { message, facts: found } = told('provisioner_failed', facts);
      assert.match(message, /A disk of the guest is full: give the machine a larger one/);
      assert.equal(found['fullDisk'], line);
    }
  assert.equal(told('provisioner_failed', { output: 'the file system is fully checked' }).message, 'It went wrong.');
  assert.equal(told('storage_full', { stderr: 'No space left on device' }).message, 'It went wrong.', "the host's own");
});

test('what a build is doing is what its innermost work says, and without one what its console shows', async () => {
  const activity = makeActivity();
  assert.equal(doingNow(activity, undefined), '');
  await using desk = await shown('one\r\ntwo\r\n');
  assert.equal(doingNow(activity, desk), ': the last line on the console was "two"');
  await activity.during(
    () => 'outer',
    () => activity.during(() => 'inner', async () => assert.equal(doingNow(activity, desk), ': inner')), // prettier-ignore
  );
  assert.equal(activity.now(), undefined);
});

test('a text that is awaited on the console is named with the time so far', async () => {
  const guest = guestLine();
  await using desk = await consoleOver(guest.line);
  const turn = { hear: 'login: $', withinMs: 60_000, optional: false, echo: true, secret: false, keyIntervalMs: 0, refuse: [] }; // prettier-ignore
  const abort = new AbortController();
  const talking = desk.console.converse([turn], abort.signal);
  await untilTrue(() => desk.console.waiting() !== undefined);
  assert.match(doingNow(makeActivity(), desk), /^: it awaited "login: \$" on the console for \d.* s; nothing had come/);
  abort.abort(new Error('enough'));
  await assert.rejects(talking, /enough/);
  assert.equal(desk.console.waiting(), undefined);
  guest.close();
});

test('what the attempts at a login met is counted by its kind, the last one named', () => {
  const tally = makeTally();
  assert.equal(tally.told(), '');
  tally.add('the connection was refused');
  assert.equal(tally.add('the connection was refused'), '2 times: the connection was refused');
  tally.add('no route to host');
  assert.equal(
    tally.told(),
    ' (2 times: the connection was refused; 1 time: no route to host; last: no route to host)',
  );
});
