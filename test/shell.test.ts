import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { makeActivity } from '../src/base/activity/activity.ts';
import { systemClock } from '../src/base/clock.ts';
import { Fault, type FaultCode } from '../src/base/fault.ts';
import { connectSsh } from '../src/guest/ssh/connect.ts';
import { runScripts, type ShellWork } from '../src/guest/shell.ts';
import { systemIds } from '../src/base/ids.ts';
import { runProgram } from '../src/base/program.ts';
import { envWords, scriptBytes } from '../src/guest/shell-script.ts';
import type { Policy } from '../src/provisioners/common.ts';
import { tryAgain } from '../src/provisioners/try-again.ts';
import { guestHouse, on } from './ssh-server.ts';
import { runs } from './fixtures/long.ts';

const failsAs =
  (code: FaultCode, check: (fault: Fault) => void = () => undefined) =>
  (error: unknown) => {
    assert.ok(error instanceof Fault, String(error));
    assert.equal(error.code, code, error.message);
    check(error);
    return true;
  };

/** A guest to provision, with a folder of its own for the scripts. */
const site = async () => {
  const house = await guestHouse();
  const remoteFolder = join(house.folder, "remote's");
  await mkdir(remoteFolder);
  const guest = await connectSsh(house.spec, { clock: systemClock, onNote: () => undefined }, on());
  const lines: string[] = [];
  let onLine: (line: string) => void = () => undefined;
  const usual: ShellWork & Policy = {
    name: 'shell-1',
    scripts: [],
    env: {},
    validExitCodes: [0],
    expectDisconnect: false,
    remoteFolder,
    timeoutMs: 20_000,
    maxRetries: 0,
    pauseBeforeMs: 0,
  };
  const tools = {
    clock: systemClock,
    ids: systemIds,
    activity: makeActivity(),
    onLines: (all: readonly string[], stream: string) => {
      lines.push(...all.map((line) => `${stream} ${line}`));
      all.forEach(onLine);
    },
  };
  return {
    house,
    lines,
    remoteFolder,
    whenHeard: (act: (line: string) => void) => {
      onLine = act;
    },
    provision: (asked: Partial<ShellWork & Policy>, signal = on()) => {
      const work = { ...usual, ...asked };
      const doing = () => `: ${tools.activity.now() ?? ''}`;
      const policy = { ...tools, doing, reconnect: guest.reconnect };
      return tryAgain(work, (alive) => runScripts(work, guest, tools, alive), policy, signal);
    },
    async [Symbol.asyncDispose]() {
      await guest[Symbol.asyncDispose]();
      await house[Symbol.asyncDispose]();
    },
  };
};

test('scripts run in order with their environment, under sh -e, and leave nothing behind', async () => {
  await using here = await site();
  const file = join(here.house.folder, 'second.sh');
  await writeFile(file, '#!/bin/sh\r\necho "second $WHO"\r\nfalse\r\necho on\r\n');
  await here.provision({
    scripts: [{ text: 'echo "first $WHO"; echo warn >&2; ls -l "$0" | cut -c1-10' }, { file, name: 'second.sh' }],
    env: { WHO: `it's "me" $HOME \`x\`\nand more`, PACKER_BUILD_NAME: 'tiny' },
  });
  const said = (stream: string) => here.lines.filter((line) => line.startsWith(stream)).map((line) => line.slice(7));
  assert.deepEqual(said('stdout'), [
    `first it's "me" $HOME \`x\``,
    'and more',
    '-rwx------',
    `second it's "me" $HOME \`x\``,
    'and more',
    'on',
  ]);
  assert.deepEqual(said('stderr'), ['warn']);
  assert.deepEqual(await readdir(here.remoteFolder), []);
});

test('an exit code that is not allowed fails with the code, the script and the last twenty lines', async () => {
  await using here = await site();
  const text = 'i=0; while [ $i -lt 30 ]; do i=$((i+1)); echo "line $i"; done; exit 4; echo never';
  await assert.rejects(
    here.provision({ scripts: [{ text: 'true' }, { text }], env: { PASSWORD: 'hunter2' } }),
    failsAs('provisioner_failed', ({ message, facts }) => {
      assert.equal(
        message,
        'inline script 2 said last: line 28 | line 29 | line 30\nIt ended with exit code 4, and only 0 is allowed.',
      );
      assert.equal(facts.exitCode, 4);
      assert.equal(String(facts['output']).split('\n').length, 20);
      assert.doesNotMatch(JSON.stringify(facts), /hunter2/);
    }),
  );
  assert.deepEqual(await readdir(here.remoteFolder), []);
  await here.provision({ scripts: [{ text }], validExitCodes: [0, 4] });
  await assert.rejects(
    here.provision({ scripts: [{ text: 'false; exit 0' }] }),
    failsAs('provisioner_failed'),
    'sh -e',
  );
  await assert.rejects(here.provision({ scripts: [{ text: 'exit 255' }] }), failsAs('provisioner_failed'), '255');
});

test('a folder that cannot be written to is said so', async () => {
  await using here = await site();
  await assert.rejects(
    here.provision({ scripts: [{ text: 'true' }], remoteFolder: '/nowhere' }),
    failsAs('provisioner_failed', ({ message }) => assert.match(message, /could not be written to \/nowhere\/imaged-/)),
  );
});

test("the template's own command starts the script, with path and variables", async () => {
  await using here = await site();
  await here.provision({
    scripts: [{ text: 'echo "$A $B"' }],
    env: { B: '2', A: '1' },
    executeCommand: ({ path, vars }) => `echo go; ${vars} sh ${path}`,
  });
  assert.deepEqual(here.lines, ['stdout go', 'stdout 1 2']);
});

/** The guest goes down a while after it said that it reboots, and comes back. */
const rebootsSoon = ({ whenHeard, house }: Awaited<ReturnType<typeof site>>) =>
  whenHeard((line) => {
    if (line !== 'rebooting') return;
    void systemClock
      .sleep(700, on())
      .then(() => house.powerOff())
      .then(() => house.powerOn());
  });

test('a reboot that is expected is waited for, and the next script runs in the system that came back', async () => {
  await using here = await site();
  here.whenHeard((line) => {
    if (line !== 'rebooting') return;
    void here.house.powerOff().then(() => here.house.powerOn());
  });
  await here.provision({
    scripts: [{ text: 'echo rebooting; exec sleep 100' }, { text: 'echo back' }],
    expectDisconnect: true,
  });
  assert.deepEqual(here.lines, ['stdout rebooting', 'stdout back']);
  assert.deepEqual(await readdir(here.remoteFolder), []);
});

test('a script that ends before the guest goes down is followed by the reboot all the same', async () => {
  await using here = await site();
  rebootsSoon(here);
  await here.provision({ scripts: [{ text: 'echo rebooting' }], expectDisconnect: true });
  await here.provision({ scripts: [{ text: 'echo back' }] });
  assert.deepEqual(here.lines, ['stdout rebooting', 'stdout back']);
});

test('a script that the reboot which it asked for has killed is over; one that is killed without one has failed', async () => {
  await using here = await site();
  rebootsSoon(here);
  await here.provision({ scripts: [{ text: 'echo rebooting; kill -TERM $$' }], expectDisconnect: true });
  await here.provision({ scripts: [{ text: 'echo back' }] });
  assert.deepEqual(
    here.lines.filter((line) => line.startsWith('stdout')),
    ['stdout rebooting', 'stdout back'],
  );
  await assert.rejects(
    here.provision({ scripts: [{ text: 'kill -TERM $$' }], expectDisconnect: true }),
    failsAs('provisioner_failed', ({ facts }) => assert.equal(facts['exitCode'], 143)),
  );
});

test('a connection that is lost where nobody said so is broken, and the message names the remedy', async () => {
  await using here = await site();
  here.whenHeard((line) => line === 'up' && here.house.cut());
  await assert.rejects(
    here.provision({ scripts: [{ text: 'echo up; exec sleep 100' }] }),
    failsAs('ssh_broken', ({ message }) => assert.match(message, /inline script 1 reboots .* set expect_disconnect/)),
  );
});

test('retries run all of the scripts again, over a new connection where the old one broke', async () => {
  await using here = await site();
  const tries = join(here.house.folder, 'tries');
  const text = `echo try >> '${tries}'; n=$(wc -l < '${tries}'); echo "n=$n"; [ $n -ne 1 ] || exec sleep 100; [ $n -eq 3 ]`;
  here.whenHeard((line) => line === 'n=1' && here.house.cut());
  await here.provision({ scripts: [{ text }], maxRetries: 2 });
  assert.equal(await readFile(tries, 'utf8'), 'try\n'.repeat(3));
  assert.equal(here.lines.filter((line) => line.endsWith('trying again')).length, 2);
  await assert.rejects(here.provision({ scripts: [{ text: 'exit 3' }], maxRetries: 1 }), failsAs('provisioner_failed'));
});

test('a script that does not end in time is a timeout, and an abort has its own reason', async () => {
  await using here = await site();
  await assert.rejects(
    here.provision({ scripts: [{ text: 'exec sleep 100' }], timeoutMs: 1500 }),
    failsAs('step_timeout', ({ message }) =>
      assert.match(message, /within 1.5 s: inline script 1 ran for [\d.]+ s; it had printed nothing/),
    ),
  );
  const abort = new AbortController();
  here.whenHeard((line) => line === 'up' && abort.abort(new Fault('cancelled', 'enough')));
  await assert.rejects(
    here.provision({ scripts: [{ text: 'echo up; exec sleep 100' }], maxRetries: 3 }, abort.signal),
    failsAs('cancelled'),
  );
});

test('a pause comes before the first script, and an abort ends it', async () => {
  await using here = await site();
  const startedAt = systemClock.elapsed();
  await here.provision({ scripts: [{ text: 'echo on' }], pauseBeforeMs: 300 });
  assert.ok(systemClock.elapsed() - startedAt >= 300);
  await assert.rejects(
    here.provision({ scripts: [], pauseBeforeMs: 60_000 }, AbortSignal.abort(new Fault('cancelled', 'no'))),
    failsAs('cancelled'),
  );
});

test('any value comes through the shell as it was, and no name is read as a command (200 values)', async () => {
  const values = fc.array(
    fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0')),
    { minLength: 10, maxLength: 10 },
  );
  await fc.assert(
    fc.asyncProperty(values, async (list) => {
      const env = Object.fromEntries(list.map((value, n) => [`V${n}`, value]));
      const command = `env ${envWords(env)} sh -c 'for n in 0 1 2 3 4 5 6 7 8 9; do eval "printf %s_ \\"\\$V$n\\""; done'`;
      const { stdout } = await runProgram('sh', ['-c', command], { signal: on() });
      assert.equal(stdout, list.map((value) => `${value}_`).join(''));
    }),
    runs(80),
  );
  for (const name of ['', 'A B', '1A', 'A=B', '$(id)', "A'", 'A\n'])
    assert.throws(() => envWords({ [name]: 'x' }), failsAs('template_invalid'), name);
});

test('a script keeps its bytes, but for line ends of another system and a first line that it lacks', async () => {
  const textOf = async (text: string) => Buffer.from(await scriptBytes({ text })).toString();
  assert.equal(await textOf('echo ü'), '#!/bin/sh -e\necho ü');
  assert.equal(await textOf('#!/bin/ksh\r\nexit\r\n'), '#!/bin/ksh\nexit\n');
  const file = '/bin/sh';
  assert.ok((await readFile(file)).equals(Buffer.from(await scriptBytes({ file, name: 'a program' }))));
});
