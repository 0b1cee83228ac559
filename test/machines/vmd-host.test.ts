import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { z } from 'zod';
import { cleanupStack } from '../../src/base/cleanup.ts';
import { awaitEvent, eventsOf } from '../fixtures/follow-events.ts';
import type { Event } from '../fixtures/published-event.ts';
import { newest, release } from '../fixtures/hypervisor.ts';
import { firstUnlessLong } from '../fixtures/long.ts';
import { guest, startImaged, type BuildView, type Imaged } from '../fixtures/imaged.ts';
import { proveNothingLeft, provePublished, workersOf } from '../fixtures/left-behind.ts';
import { cycle, cycleDigest, visit } from '../fixtures/quick-templates.ts';
import { inShell, installerMachine, textOf } from '../fixtures/tiny-builds.ts';
import type { Vmd } from '../fixtures/vmd.ts';

const run = promisify(execFile);
const settings = 'workers = 1';

const vmdOf = ({ vmd }: Imaged): Vmd => {
  assert.ok(vmd, 'these tests are for vmd');
  return vmd;
};

const begins =
  (step: string) =>
  ({ type, data }: Event) =>
    type === 'step.started' && data['name'] === step;

const heard = ({ type }: Event) => type === 'console.heard';

const waiting = () =>
  cycle({
    install: {
      console: [
        { hear: 'cycle# $', within: '2m' },
        { hear: 'what it never says', within: '10m' },
      ],
    },
  });

/** What the first attempt of a build failed with, by its step. */
const firstFaultOf = async (imaged: Imaged, id: string) => {
  const Steps = z.object({ items: z.array(z.looseObject({ attempt: z.number(), fault: z.looseObject({ code: z.string(), message: z.string() }).optional() })) }); // prettier-ignore
  const { items } = Steps.parse(await (await imaged.call(`/builds/${id}/steps`)).json());
  return items.find(({ attempt, fault }) => attempt === 1 && fault !== undefined)?.fault;
};

const proveSucceeded = async (imaged: Imaged, id: string, attempt: number): Promise<BuildView> => {
  const build = await imaged.ended(id);
  assert.deepEqual([build.status, build.attempt], ['succeeded', attempt], JSON.stringify(build.fault));
  assert.deepEqual(await provePublished(imaged, id), [cycleDigest]);
  await proveNothingLeft(imaged);
  return build;
};

test('builds wait while vmd does not run, and are built when it does; meanwhile the host says what to type', async () => {
  await using imaged = await startImaged({ settings });
  const vmd = vmdOf(imaged);
  await vmd.stop('SIGTERM');
  // What was asked a moment ago is still known.
  while (!(await (await imaged.call('/readyz')).text()).includes('rcctl start vmd')) await sleep(50);
  assert.equal((await imaged.call('/readyz')).status, 503);
  const { id } = await imaged.post({ template: await cycle() });
  const posted = performance.now();
  while (performance.now() - posted < 2000) {
    assert.equal((await (await imaged.call(`/builds/${id}/status`)).text()).trim(), 'queued');
    await sleep(100);
  }
  await vmd.start();
  await proveSucceeded(imaged, id, 1);
});

for (const [signal, what] of firstUnlessLong([
  ['SIGKILL', 'killed'],
  ['SIGTERM', 'stopped'],
] as const))
  test(
    `a vmd that is ${what} in the middle of a build takes its machine along, and the build is tried again`,
    newest,
    async () => {
      await using imaged = await startImaged({ settings });
      const vmd = vmdOf(imaged);
      const { id } = await imaged.post({ template: await cycle() });
      assert.ok(await awaitEvent(imaged, id, begins('install')));
      await vmd.stop(signal);
      assert.ok(await awaitEvent(imaged, id, ({ type }) => type === 'build.requeued'));
      const fault = await firstFaultOf(imaged, id);
      assert.equal(fault?.code, 'machine_stopped');
      assert.match(fault.message, /vmd\(8\) was stopped/);
      await vmd.start();
      await proveSucceeded(imaged, id, 2);
    },
  );

test('a vmd that is restarted at once is told from a machine that went by itself', newest, async () => {
  await using imaged = await startImaged({ settings: `${settings}\nattempts = 1` });
  const vmd = vmdOf(imaged);
  const { id } = await imaged.post({ template: await waiting() });
  assert.ok(await awaitEvent(imaged, id, heard));
  await vmd.stop('SIGKILL');
  await vmd.start();
  const { fault } = await imaged.ended(id);
  assert.deepEqual([fault?.code, fault?.class], ['machine_stopped', 'infra']);
  assert.match(fault?.message ?? '', /vmd\(8\) was (re)?st(arted|opped)/);
  await proveNothingLeft(imaged);
});

test('a machine that an operator stops is told as stopped from outside, and the build is tried again', async () => {
  await using imaged = await startImaged({ settings });
  const vmd = vmdOf(imaged);
  const { id } = await imaged.post({ template: await cycle() });
  assert.ok(await awaitEvent(imaged, id, begins('install')));
  const stopped = await vmd.vmctl('stop', '-f', 'imaged-0');
  assert.equal(stopped.exitCode, 0, stopped.stderr);
  const build = await proveSucceeded(imaged, id, 2);
  assert.equal(build['attempts_left'], 1);
  const fault = await firstFaultOf(imaged, id);
  assert.equal(fault?.code, 'machine_stopped');
  assert.match(fault.message, /vmctl stop/);
});

test('a machine that the daemon finds under the name of its slot is not in its way', newest, async () => {
  await using imaged = await startImaged({ settings });
  const vmd = vmdOf(imaged);
  const disk = join(imaged.folder, 'left.qcow2');
  await vmd.vmctlAsImaged('create', '-s', '1M', `qcow2:${disk}`);
  const left = await vmd.vmctlAsImaged('start', '-t', 'imaged', '-L', '-d', `qcow2:${disk}`, 'imaged-0');
  assert.equal(left.exitCode, 0, left.stderr);
  const { id } = await imaged.post({ template: await cycle() });
  await proveSucceeded(imaged, id, 1);
  await imaged.kill('SIGTERM');
  await vmd.vmctlAsImaged('start', '-t', 'imaged', '-L', '-d', `qcow2:${disk}`, 'imaged-7');
  await imaged.start();
  assert.doesNotMatch((await vmd.vmctl('status')).stdout, /imaged-\d/);
  assert.ok(imaged.lines().some((line) => line.includes('imaged-7')));
});

test('a cu that is killed is attached again, and the build goes on', newest, async () => {
  await using imaged = await startImaged({ settings });
  const { id } = await imaged.post({
    template: visit({
      provisioners: [
        { type: 'shell', name: 'one', inline: ['sleep 3'] },
        { type: 'console', name: 'two', console: [{ press: '<enter>' }, { hear: '# $', within: '1m', say: 'echo still ~there' }, { hear: '^still ~there', within: '1m' }] }, // prettier-ignore
      ],
    }),
  });
  assert.ok(await awaitEvent(imaged, id, begins('one')));
  const [holder] = (await workersOf(imaged)).filter(({ command }) => command.includes('/vmm/holder/main.js '));
  assert.ok(holder !== undefined);
  await run('pkill', ['-KILL', '-P', String(holder.pid), '-f', '/cu ']);
  const build = await imaged.ended(id);
  assert.equal(build.status, 'succeeded', JSON.stringify(build.fault));
  assert.match(await textOf(imaged, id, 'console'), /still ~there/);
});

test('a guest without vmmci loses its power when it is asked to shut down, and that is no success', async () => {
  await using imaged = await startImaged({ settings });
  const [prompt, ...lines] = inShell('echo in the shell');
  const { id } = await imaged.post({
    template: await cycle({
      name: 'cut',
      machine: await installerMachine(),
      install: { console: [prompt, lines[0]], ends: 'never' },
    }),
  });
  const { status, fault } = await imaged.ended(id);
  assert.deepEqual([status, fault?.code, fault?.step], ['failed', 'guest_still_running', 'shut-down']);
  assert.match(fault?.message ?? '', /vmmci/);
  await proveNothingLeft(imaged);
});

test('a user who may not use the template is told so, in words that vmd does not have', async () => {
  const conf = 'socket owner :_imaged\nvm "imaged" {\n\tdisable\n\towner _imaged\n\tmemory 1G\n\tdisk "/dev/null"\n\tallow instance { boot, cdrom, disk, interface, memory }\n}\n'; // prettier-ignore
  await using imaged = await startImaged({ settings: `${settings}\nattempts = 1`, vmdOptions: { conf } });
  const { id } = await imaged.post({ template: await cycle() });
  const { fault } = await imaged.ended(id);
  assert.deepEqual([fault?.code, fault?.class, fault?.step], ['hypervisor_failed', 'infra', 'start-installer']);
  assert.match(fault?.message ?? '', /File name too long.*may not use the template/s);
});

test('the limits per user of 7.2 are told where vmd only says that it is not permitted', { skip: release === '7.2' ? false : 'this release has no such limits' }, async () => {
  await using imaged = await startImaged({ settings: 'workers = 5\nattempts = 1', vmdOptions: { taps: 8 } });
  const ids: string[] = [];
  for (let n = 0; n < 5; n++) ids.push((await imaged.post({ template: await waiting() })).id);
  const failed = async () => {
    for (;;) {
      for (const id of ids) {
        const status = (await (await imaged.call(`/builds/${id}/status`)).text()).trim();
        if (status === 'failed') return imaged.ended(id);
      }
      await sleep(50);
    }
  };
  assert.match((await failed()).fault?.message ?? '', /Operation not permitted.*4 machines, 2048 MB/s);
  for (const id of ids) await imaged.call(`/builds/${id}/cancel`, { method: 'POST' });
  for (const id of ids) await imaged.ended(id);
}); // prettier-ignore

const Problem = z.object({ code: z.string(), errors: z.array(z.object({ pointer: z.string(), message: z.string() })) });

test('what vmd cannot do, and a base that is damaged or in use, is refused at POST with its place', async () => {
  await using cleanup = cleanupStack();
  const folder = await mkdtemp(join(tmpdir(), 'bases-'));
  cleanup.defer(() => rm(folder, { recursive: true }));
  await chmod(folder, 0o755);
  await copyFile(join(guest, 'installed.qcow2'), join(folder, 'used.qcow2'));
  await run('qemu-img', ['convert', '-c', '-O', 'qcow2', join(guest, 'installed.qcow2'), join(folder, 'small.qcow2')]);
  await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-o', 'compat=0.10', join(folder, 'old.qcow2'), '1M']);
  await using imaged = await startImaged({ media: { tiny: guest, bases: folder } });
  const judge = async (machine: object) => {
    const reply = await imaged.call('/builds?validate=true', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ template: { name: 'no', machine } }),
    });
    assert.ok([200, 422].includes(reply.status), String(reply.status));
    return reply.status === 200 ? [] : Problem.parse(await reply.json()).errors;
  };
  const base = (file: string, rest: object = {}) => ({ disks: [{ base: `media:bases/${file}`, ...rest }] });
  for (const [machine, pointer, words] of [
    ...(release === 'current'
      ? []
      : [[{ ...base('used.qcow2'), cpus: 2 }, '/machine/cpus', /one processor: its vmctl has no/] as const]),
    [{ ...base('used.qcow2'), memory: '2T' }, '/machine/memory', /vmd of this release/],
    [{ ...base('used.qcow2'), floppy: 'media:bases/old.qcow2' }, '/machine/floppy', /no floppy/],
    [{ boot: { kernel: 'media:tiny/vmlinux', append: 'x' } }, '/machine/boot/append', /bsd\.rd/],
    [{ disks: [...base('used.qcow2').disks, ...Array.from({ length: 4 }, () => ({ size: '1M' }))] }, '/machine/disks', /4/], // prettier-ignore
    [{ ...base('used.qcow2'), nics: Array.from({ length: 5 }, () => ({})) }, '/machine/nics', /4/],
    [{ ...base('used.qcow2'), nics: [{ network: 'outgoing' }] }, '/machine/nics/0/network', /allow_outgoing/],
    [base('small.qcow2'), '/machine/disks/0/base', /compressed clusters/],
    [base('old.qcow2'), '/machine/disks/0/base', /version 2/],
    [base('used.qcow2', { size: '100M' }), '/machine/disks/0/size', /larger than its base, not smaller/],
  ] as const) {
    const errors = await judge(machine);
    const error = errors.find((one) => one.pointer === `/template${pointer}`);
    assert.match(error?.message ?? JSON.stringify(errors), words, pointer);
  }
  assert.deepEqual(await judge(base('used.qcow2')), []);
  if (release === 'current') assert.deepEqual(await judge({ ...base('used.qcow2'), cpus: 2 }), []);
  const holder = spawn('flock', ['-x', join(folder, 'used.qcow2'), 'sh', '-c', 'echo held; read line'], { stdio: 'pipe' }); // prettier-ignore
  await once(holder.stdout, 'data');
  assert.match((await judge(base('used.qcow2')))[0]?.message ?? '', /in use/);
  holder.stdin.end('go\n');
  await once(holder, 'exit');
  assert.deepEqual(await judge(base('used.qcow2')), []);
  if (release === 'current') assert.deepEqual(await judge({ ...base('used.qcow2'), cpus: 2 }), []);
});

const DetachedConsole = z.object({ command: z.string(), until: z.string() });

test(
  'the console of a held build is detached for an operator, whom nobody disturbs, and attached again',
  newest,
  async () => {
    await using imaged = await startImaged({ settings });
    const vmd = vmdOf(imaged);
    const template = visit({ provisioners: [{ type: 'shell', inline: ['exit 3'] }] });
    const { id } = await imaged.post({ template, on_error: 'hold' });
    await imaged.until(id, ({ status }) => status === 'held');
    const type = async (keys: string) =>
      (
        await imaged.call(`/builds/${id}/console`, {
          method: 'POST',
          headers: { 'content-type': 'application/octet-stream' },
          body: keys,
        })
      ).status;
    const detached = await imaged.call(`/builds/${id}/console/loan`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: '{"minutes": 5}',
    });
    assert.equal(detached.status, 200, await detached.clone().text());
    const { command } = DetachedConsole.parse(await detached.json());
    assert.equal(command, 'vmctl console imaged-0');
    assert.equal(await type('no\r'), 409);

    const [program, ...args] = vmd.inside([join(vmd.bin, 'vmctl'), 'console', 'imaged-0'], 'imaged');
    const operator = spawn(program, args, { stdio: 'pipe' });
    let said = '';
    operator.stdout.on('data', (text: Buffer) => (said += text.toString()));
    while (!said.includes('Connected to')) await sleep(20);
    operator.stdin.write('\recho oper-$((40 + 2))\r');
    while (!said.includes('oper-42')) await sleep(20);
    const back = () => imaged.call(`/builds/${id}/console/loan`, { method: 'DELETE' });
    assert.equal((await back()).status, 409, 'the operator is still there');
    operator.stdin.end();
    await once(operator, 'exit');
    assert.equal((await back()).status, 204);

    assert.equal(await type('echo again-$((40 + 2))\r'), 204);
    while (!(await textOf(imaged, id, 'console')).includes('again-42')) await sleep(50);
    assert.doesNotMatch(await textOf(imaged, id, 'console'), /oper-42/);
    await imaged.call(`/builds/${id}/cancel`, { method: 'POST' });
    await imaged.ended(id);
    await proveNothingLeft(imaged);
    assert.ok((await eventsOf(imaged, id)).length > 0);
  },
);
