import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { cleanupStack } from '../src/base/cleanup.ts';
import { endingOf, type QemuDeparture } from '../src/vmm/qemu/ending.ts';
import { hasAnswered, openQmp, type QmpEvent } from '../src/vmm/qemu/qmp.ts';
import { on } from './fixtures/qemu-bench.ts';

/** A QEMU without a machine, and a connection to it. */
const talk = async () => {
  const cleanup = cleanupStack();
  const folder = await mkdtemp(join(tmpdir(), 'qmp-'));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'q');
  const qmpArgv = ['-qmp', `unix:${path},server=on,wait=off`, '-qmp', 'stdio'];
  const qemu = spawn('qemu-system-x86_64', ['-machine', 'none', '-display', 'none', '-nodefaults', ...qmpArgv], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = once(qemu, 'exit');
  const kill = () => qemu.kill('SIGKILL');
  cleanup.defer(async () => {
    kill();
    await exited;
  });
  const events: QmpEvent[] = [];
  // See `controlArgv`: only one that answers on its second line may be connected to on its first.
  qemu.stdin.write('{"execute":"qmp_capabilities"}\n');
  let told = '';
  for await (const chunk of qemu.stdout.iterator({ destroyOnReturn: false })) {
    told += String(chunk);
    if (hasAnswered(told)) break;
  }
  const qmp = cleanup.keep(await openQmp(path, (event) => events.push(event), on()));
  return { qmp, events, kill, [Symbol.asyncDispose]: cleanup[Symbol.asyncDispose] };
};

test('many questions at once each get their own answer', async () => {
  await using line = await talk();
  const commands = ['query-status', 'query-name', 'query-status', 'query-version', 'query-kvm'];
  const answers = await Promise.all(commands.map((command) => line.qmp.execute(command, {}, on())));
  assert.deepEqual(
    answers.map((answer) => Object.keys(answer ?? {}).sort()[0]),
    ['running', undefined, 'running', 'package', 'enabled'],
  );
});

test('a command that QEMU refuses is told in its words, and the connection goes on', async () => {
  await using line = await talk();
  await assert.rejects(line.qmp.execute('no-such-thing', {}, on()), {
    code: 'hypervisor_failed',
    message: /no-such-thing/,
  });
  await line.qmp.execute('query-status', {}, on());
});

test('an aborted question is given up alone', async () => {
  await using line = await talk();
  await assert.rejects(line.qmp.execute('query-status', {}, AbortSignal.abort(new Error('enough'))), /enough/);
  await line.qmp.execute('query-status', {}, on());
});

test('an event is told before the connection closes, and nothing can be asked any more', async () => {
  await using line = await talk();
  await line.qmp.execute('quit', {}, on());
  await line.qmp.closed;
  assert.deepEqual(
    line.events.map(({ event, data }) => [event, data['reason']]),
    [['SHUTDOWN', 'host-qmp-quit']],
  );
  assert.ok(Math.abs((line.events[0]?.atMs ?? 0) - Date.now()) < 60_000);
  await assert.rejects(line.qmp.execute('query-status', {}, on()), { code: 'hypervisor_unavailable' });
});

test('a question under way when QEMU is killed is not left waiting', async () => {
  await using line = await talk();
  line.kill();
  await assert.rejects(line.qmp.execute('query-status', {}, on()), { code: 'hypervisor_unavailable' });
  await line.qmp.closed;
});

test('what was seen of a machine decides how it ended', () => {
  const seen: QemuDeparture = {
    exit: { exitCode: 0, signal: undefined },
    isOurs: false,
    words: '',
  };
  const table: readonly (readonly [Partial<QemuDeparture>, string])[] = [
    [{ reason: 'guest-shutdown' }, 'halt'],
    [{ reason: 'guest-shutdown', isOurs: true }, 'halt'],
    [{ reason: 'guest-reset' }, 'reboot'],
    [{ reason: 'guest-panic' }, 'panic'],
    [{ reason: 'host-signal' }, 'killed'],
    [{ reason: 'host-qmp-quit' }, 'killed'],
    [{ reason: 'host-qmp-quit', isOurs: true }, 'stopped'],
    [{ exit: { exitCode: undefined, signal: 'SIGKILL' }, isOurs: true }, 'stopped'],
    [{ exit: { exitCode: undefined, signal: 'SIGKILL' } }, 'crash'],
    [{ exit: { exitCode: undefined, signal: 'SIGKILL' }, fullDisk: 'disk0' }, 'full'],
    [{ reason: 'host-error' }, 'crash'],
    [{}, 'crash'],
  ];
  for (const [change, how] of table) assert.equal(endingOf({ ...seen, ...change }).how, how, JSON.stringify(change));
  const { detail } = endingOf({ ...seen, exit: { exitCode: 1, signal: undefined }, words: 'no memory' });
  assert.equal(detail, 'QEMU ended with exit code 1; it last said: no memory');
});
