import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { systemClock } from '../src/base/clock.ts';
import { Fault, type FaultCode } from '../src/base/fault.ts';
import { connectSsh } from '../src/guest/ssh/connect.ts';
import { makeSshKey } from '../src/guest/ssh/key.ts';
import { makeSshWords } from '../src/guest/ssh/words.ts';
import type { Guest } from '../src/guest/types.ts';
import { runProgram } from '../src/base/program.ts';
import { commandOf, familyOf } from './fixtures/processes.ts';
import { guestHouse, on } from './ssh-server.ts';
import { isLong } from './fixtures/hypervisor.ts';

const failsAs =
  (code: FaultCode, ...words: readonly RegExp[]) =>
  (error: unknown) => {
    assert.ok(error instanceof Fault, String(error));
    assert.equal(error.code, code, error.message);
    for (const word of words) assert.match(error.message, word);
    return true;
  };

const quiet = { clock: systemClock, onNote: () => undefined };

const talk = async (guest: Guest, command: string, input?: string | Uint8Array | { readonly file: string }) => {
  const lines: string[] = [];
  const { exitCode } = await guest.run(
    command,
    {
      onLines: (all, stream) => void lines.push(...all.map((line) => `${stream} ${line}`)),
      ...(input === undefined ? {} : { input }),
    },
    on(),
  );
  return { exitCode, lines };
};

test('a made key is a pair that only its owner can read, and making it again replaces it', async () => {
  await using house = await guestHouse({ isUp: false });
  assert.match(house.key.publicKey, /^ssh-ed25519 [A-Za-z0-9+/=]+ imaged$/);
  assert.equal((await stat(house.key.privateFile)).mode & 0o777, 0o600);
  const again = await makeSshKey(house.folder, on());
  assert.notEqual(again.publicKey, house.key.publicKey);
  const { stdout } = await runProgram('ssh-keygen', ['-y', '-f', again.privateFile], { signal: on() });
  assert.equal(stdout.trim(), again.publicKey);
});

test("a command's lines come as they are printed, by stream, and its exit code is its own, 255 included", async () => {
  await using house = await guestHouse();
  await using guest = await connectSsh(house.spec, quiet, on());
  assert.deepEqual(await talk(guest, `echo "it's"; exit 3`), { exitCode: 3, lines: ["stdout it's"] });
  assert.deepEqual(await talk(guest, 'echo bad >&2'), { exitCode: 0, lines: ['stderr bad'] });
  assert.deepEqual(await talk(guest, 'exit 255'), { exitCode: 255, lines: [] });
  assert.deepEqual(await talk(guest, 'printf unended >&2; exit 255'), { exitCode: 255, lines: ['stderr unended'] });
  assert.deepEqual((await talk(guest, 'kill -9 $$')).exitCode, 137);
  assert.equal((await talk(guest, 'if')).exitCode, 2);
  assert.deepEqual(await talk(guest, 'cat; exit 1', 'a\nb'), { exitCode: 1, lines: ['stdout a', 'stdout b'] });
  const file = join(house.folder, 'input');
  await writeFile(file, 'x'.repeat(3_000_000));
  assert.deepEqual((await talk(guest, 'wc -c', { file })).lines, ['stdout 3000000']);
  assert.equal((await talk(guest, 'true', { file })).exitCode, 0, 'input that nobody reads');
  assert.equal((await talk(guest, 'i=0; while [ $i -lt 5000 ]; do echo line $i; i=$((i+1)); done')).lines.length, 5000);
});

test('several commands run at once over the one connection', async () => {
  await using house = await guestHouse();
  await using guest = await connectSsh(house.spec, quiet, on());
  const all = await Promise.all(Array.from({ length: 5 }, (_, n) => talk(guest, `echo $PPID; exit ${n}`)));
  assert.deepEqual(
    all.map(({ exitCode }) => exitCode),
    [0, 1, 2, 3, 4],
  );
});

test('the line for a person logs in with what the build has learnt', async () => {
  await using house = await guestHouse();
  await using guest = await connectSsh(house.spec, quiet, on());
  const command = `${guest.sshLine} -o BatchMode=yes echo in`;
  const { stdout } = await runProgram('sh', ['-c', command], { signal: on() });
  assert.equal(stdout, 'in\n');
  assert.match(await readFile(house.spec.knownHostsFile, 'utf8'), /^guest ssh-ed25519 /);
});

test('a guest that boots is tried until it answers, and each new reason is noted once', async () => {
  await using house = await guestHouse({ isUp: false });
  const notes: string[] = [];
  const connecting = connectSsh(house.spec, { ...quiet, onNote: (text) => notes.push(text) }, on());
  const untilNoted = async (words: RegExp) => {
    while (!notes.some((note) => words.test(note))) await systemClock.sleep(20, on());
  };
  await untilNoted(/the connection was closed before an ssh server spoke/);
  house.line('silent');
  await untilNoted(/the connection was taken, but no ssh server spoke/);
  await house.powerOn();
  await using guest = await connecting;
  assert.equal((await talk(guest, 'true')).exitCode, 0);
  assert.equal(new Set(notes).size, notes.length);
});

test('a guest that never answers is unreachable when the time is over, with the stage it came to', async () => {
  await using house = await guestHouse({ isUp: false });
  const spec = { ...house.spec, timeoutMs: 700 };
  const failing = async (word: RegExp) =>
    assert.rejects(connectSsh(spec, quiet, on()), failsAs('ssh_unreachable', /within 0.7 s/, word));
  await failing(/was closed before an ssh server spoke/);
  house.line('silent');
  await failing(/was taken, but no ssh server spoke/);
  house.line('stuck');
  await failing(/^(?!.*: the connection was taken, but).*an ssh server spoke, but the key exchange did not end/);
  house.line('garbage');
  await failing(/what spoke is no ssh server: "HTTP\/1\.0 400 Bad Request/);
  await assert.rejects(
    connectSsh({ ...spec, port: 1, guestPort: 22 }, quiet, on()),
    failsAs('ssh_unreachable', /port 22 of the guest \(127\.0\.0\.1:1 here\): the connection was refused/),
  );
  assert.deepEqual(await house.sshProcesses(), []);
});

test('a key that comes late is waited for, one that never comes is a denial', async () => {
  await using house = await guestHouse();
  await house.authorize('');
  let notes = 0;
  const onNote = () => {
    notes++;
    void house.authorize(`${house.key.publicKey}\n`);
  };
  {
    await using guest = await connectSsh(house.spec, { ...quiet, onNote }, on());
    assert.ok(guest);
    assert.equal(notes, 1);
  }
  await house.authorize('');
  await assert.rejects(connectSsh(house.spec, quiet, on()), failsAs('ssh_denied', /authorized_keys/));
});

test("words of a server's banner are no reason of ssh's own", () => {
  const faultOf = (...lines: readonly string[]) => {
    const words = makeSshWords({ host: 'h', port: 22, username: 'me', knownHostsFile: 'k', keyFile: '', folder: '', timeoutMs: 1 }); // prettier-ignore
    lines.forEach(words.hear);
    return words.faultOf(255).code;
  };
  const spoke = 'debug1: Remote protocol version 2.0, remote software version OpenSSH_9.2';
  const exchanged = 'debug1: SSH2_MSG_NEWKEYS received';
  const failed = 'Host key verification failed.';
  assert.equal(faultOf(spoke, failed), 'host_key_changed');
  assert.equal(faultOf(spoke, exchanged, failed, 'Connection closed by h port 22'), 'ssh_unreachable');
  assert.equal(faultOf(spoke, exchanged, 'For all others: Permission denied!', 'Connection closed by h'), 'ssh_unreachable'); // prettier-ignore
  for (const said of [
    'me@h: Permission denied (publickey,password).',
    'Permission denied (publickey).',
    'Received disconnect from h port 22:2: Too many authentication failures',
  ])
    // prettier-ignore
    assert.equal(faultOf(spoke, exchanged, said), 'ssh_denied', said);
});

test('another host key than the one that was learnt ends the build at once', async () => {
  await using house = await guestHouse();
  await using guest = await connectSsh(house.spec, quiet, on());
  await house.powerOff();
  await house.powerOn(await house.makeHostKey('other'));
  const startedAt = systemClock.elapsed();
  await assert.rejects(guest.reconnect(on()), failsAs('host_key_changed'));
  assert.ok(systemClock.elapsed() - startedAt < 5000);
});

test('after a login that its caller had no time left for, the next command logs in by itself, and so do those beside it', async () => {
  await using house = await guestHouse();
  await using guest = await connectSsh(house.spec, quiet, on());
  const cut = new AbortController();
  const again = guest.reconnect(cut.signal);
  cut.abort(new Error('no time left'));
  await assert.rejects(again, /no time left/);
  const codes = await Promise.all([4, 5].map((code) => talk(guest, `exit ${code}`)));
  assert.deepEqual(
    codes.map(({ exitCode }) => exitCode),
    [4, 5],
  );
});

test('a connection that is lost in the middle is broken, not an exit code, and comes back after a reboot', async () => {
  await using house = await guestHouse();
  await using guest = await connectSsh(house.spec, quiet, on());
  for (const loss of ['cut', 'power'] as const) {
    const lines: string[] = [];
    const running = guest.run(
      'echo begun; exec sleep 1000',
      {
        onLines: (all) => {
          lines.push(...all);
          if (loss === 'cut') house.cut();
          else void house.powerOff();
        },
      },
      on(),
    );
    await assert.rejects(running, failsAs('ssh_broken', /before the command did: .*\w/));
    assert.deepEqual(lines, ['begun']);
    await assert.rejects(talk(guest, 'true'), failsAs('ssh_broken'), 'nothing runs until it is reconnected');
    if (loss === 'power') await house.powerOn();
    await guest.reconnect(on());
    assert.deepEqual((await talk(guest, 'echo back')).lines, ['stdout back']);
  }
});

test('a command whose connection was lost ends with its guest', async () => {
  await using house = await guestHouse();
  await using guest = await connectSsh(house.spec, quiet, on());
  let pid = 0;
  const onLines = (lines: readonly string[]) => {
    pid = Number(lines[0]);
    house.cut();
  };
  await assert.rejects(guest.run('echo $$; exec sleep 1000', { onLines }, on()), failsAs('ssh_broken'));
  assert.match(await commandOf(pid), /^sleep 1000/);
  await house.powerOff();
  using limit = systemClock.deadline(5000, on(), () => new Error('the command is still there'));
  while ((await commandOf(pid)) !== '') await systemClock.sleep(10, limit.signal);
});

test('an ssh that is killed is told by its name and signal, and is not the fault of the guest', async () => {
  await using house = await guestHouse();
  // The master has the pipes of a command, and closes them when that has ended in the guest.
  for (const [whose, isMine, command] of [
    ['master', /ControlMaster=yes/, 'exec sleep 1000'],
    ['command', /ControlMaster=no/, 'exec sleep 1'],
  ] as const) {
    await using guest = await connectSsh(house.spec, quiet, on());
    const running = talk(guest, command);
    const found = async () => {
      const commands = await Promise.all((await familyOf(process.pid)).map(async (pid) => ({ pid, command: await commandOf(pid) }))); // prettier-ignore
      return commands.find(({ command }) => command.startsWith('ssh ') && isMine.test(command));
    };
    while ((await house.sshProcesses()).every((line) => !line.includes('ControlMaster=no')))
      await systemClock.sleep(10, on());
    const victim = await found();
    assert.ok(victim);
    process.kill(victim.pid, 'SIGKILL');
    await assert.rejects(running, failsAs('program_failed', /^ssh was killed by SIGKILL/), whose);
  }
});

test('an abort ends a command and a login with its own reason, and leaves no ssh', async () => {
  await using house = await guestHouse();
  const reason = new Fault('cancelled', 'The build was cancelled');
  {
    await using guest = await connectSsh(house.spec, quiet, on());
    const abort = new AbortController();
    const running = guest.run('echo up; sleep 1000', { onLines: () => abort.abort(reason) }, abort.signal);
    await assert.rejects(running, reason);
    assert.equal((await talk(guest, 'true')).exitCode, 0, 'the connection itself goes on');
    // What is left is the master with its guard.
    while ((await house.sshProcesses()).some((line) => line.includes('ControlMaster=no')))
      await systemClock.sleep(10, on());
  }
  house.line('stuck');
  const abort = new AbortController();
  const connecting = connectSsh(house.spec, quiet, abort.signal);
  while ((await house.sshProcesses()).length === 0) await systemClock.sleep(10, on());
  abort.abort(reason);
  await assert.rejects(connecting, reason);
  assert.deepEqual(await house.sshProcesses(), []);
});

test('a login that is aborted in any of its first moments leaves no ssh', async () => {
  await using house = await guestHouse();
  house.line('stuck');
  const reason = new Fault('cancelled', 'The build was cancelled');
  // The first of them while a server is looked for, the later ones while ssh begins.
  for (let n = 0; n < 60; n += isLong ? 1 : 6) {
    const abort = new AbortController();
    const connecting = connectSsh(house.spec, quiet, abort.signal);
    await systemClock.sleep(n / 4, on());
    abort.abort(reason);
    await assert.rejects(connecting, reason);
    assert.deepEqual(await house.sshProcesses(), [], `aborted after ${n / 4} ms`);
  }
});

test('no ssh outlives the disposal, whatever still runs', async () => {
  await using house = await guestHouse();
  const guest = await connectSsh(house.spec, quiet, on());
  let lines = 0;
  const running = guest.run('echo up; exec sleep 1000', { onLines: () => void lines++ }, on());
  const broken = assert.rejects(running, failsAs('ssh_broken'));
  while (lines === 0) await systemClock.sleep(10, on());
  assert.ok((await house.sshProcesses()).length >= 2);
  await guest[Symbol.asyncDispose]();
  assert.deepEqual(await house.sshProcesses(), []);
  await broken;
});

test('no ssh outlives a daemon that is killed with -9', async () => {
  await using house = await guestHouse();
  const program = `
    import { connectSsh } from ${JSON.stringify(new URL('../src/guest/ssh/connect.js', import.meta.url).href)};
    import { systemClock } from ${JSON.stringify(new URL('../src/base/clock.js', import.meta.url).href)};
    const on = new AbortController().signal;
    const guest = await connectSsh(${JSON.stringify(house.spec)}, { clock: systemClock, onNote: () => {} }, on);
    await guest.run('echo up; exec sleep 1000', { onLines: (lines) => console.log(lines.join('\\n')) }, on);
  `;
  const daemon = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: daemon.stdout })) if (line === 'up') break;
  assert.ok((await house.sshProcesses()).length >= 2);
  daemon.kill('SIGKILL');
  await once(daemon, 'exit');
  using limit = systemClock.deadline(5000, on(), () => new Error('an ssh is still there'));
  while ((await house.sshProcesses()).length > 0) await systemClock.sleep(20, limit.signal);
  // What it left in the folder does not stand in the way of the next daemon.
  await using guest = await connectSsh(house.spec, quiet, on());
  assert.equal((await talk(guest, 'true')).exitCode, 0);
});

test('a folder whose path is too long for a socket is refused before anything starts', async () => {
  await using house = await guestHouse({ isUp: false });
  const spec = { ...house.spec, folder: join(house.folder, 'x'.repeat(80)) };
  await assert.rejects(connectSsh(spec, quiet, on()), failsAs('configuration_invalid', /too long/));
});
