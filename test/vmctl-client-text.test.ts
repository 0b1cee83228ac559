import assert from 'node:assert/strict';
import { lstat, mkdir, mkdtemp, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../src/base/clock.ts';
import { cleanupStack } from '../src/base/cleanup.ts';
import { runProgram } from '../src/base/program.ts';
import { postProcess } from '../src/build/steps/post-process.ts';
import { makeVmd } from '../src/vmm/vmd/vmd.ts';
import { jobWithout, postProcessTools } from './fixtures/post-processing.ts';
import { recorder } from './fixtures/recorder.ts';

const mark = 'CHOSEN';
const on = () => AbortSignal.timeout(20_000);

/** vmctl in name: it makes what it is asked to make, has no machines, and starts none. */
const stands = `case $1 in
  status) echo '   ID   PID VCPUS  MAXMEM  CURMEM     TTY        OWNER    STATE NAME';;
  create) for last; do :; done; echo made >"\${last#*:}";;
  start) echo 'vmctl: start vm command failed: no' >&2; exit 1;;
esac`;

test('no word of a client stands on a command line of vmctl, or in its environment', async () => {
  await using left = cleanupStack();
  await using record = await recorder();
  const folder = await mkdtemp(join(tmpdir(), 'links-'));
  left.defer(() => rm(folder, { recursive: true, force: true }));
  const context = join(folder, `context ${mark}`);
  const [work, own] = [join(folder, 'work'), join(folder, 'imaged-0')];
  for (const one of [context, work, own]) await mkdir(one);
  const at = (name: string) => join(context, `-${mark}:${name}`);
  for (const name of ['kernel', 'iso']) await writeFile(at(name), name);
  const qemuImg = (...words: readonly string[]) => runProgram('qemu-img', words, { cwd: context, signal: on() });
  await qemuImg('create', '-q', '-f', 'qcow2', '-o', 'compat=1.1', at('lower'), '1M');
  await qemuImg('create', '-q', '-f', 'qcow2', '-b', `./-${mark}:lower`, '-F', 'qcow2', at('upper'));
  await writeFile(at('raw'), Buffer.alloc(1024 ** 2));

  const life = new AbortController();
  left.defer(() => life.abort(new Error('the test is over')));
  const vmd = makeVmd({
    vmctl: await record.program('vmctl', stands),
    ifconfig: await record.program('ifconfig', 'exit 0'),
    ...{ socket: join(folder, 'vmd.sock'), release: '7.7', endpointPort: 8079, allowsOutgoing: false },
    templates: { local: 'imaged', outgoing: 'imaged-outgoing', switches: [] },
    clock: systemClock,
    signal: life.signal,
  });
  const qcow2 = (name: string) => ({ path: join(work, name), format: 'qcow2' }) as const;
  const upper = { path: at('upper'), format: 'qcow2', layers: 'chain' } as const;
  const raw = { path: at('raw'), format: 'raw', layers: 'one' } as const;
  await vmd.createDisk({ ...qcow2('disk0.qcow2'), base: upper }, on());
  await vmd.createDisk({ ...qcow2('disk1.qcow2'), base: upper, sizeMb: 2 }, on());
  await vmd.createDisk({ ...qcow2('disk2.qcow2'), base: raw }, on());
  assert.equal(await readlink(join(work, 'disk0.qcow2.base')), upper.path);
  await assert.rejects(lstat(join(work, 'disk1.qcow2.over')), { code: 'ENOENT' });

  const disks = [{ path: join(work, 'machine.raw'), format: 'raw' }] as const;
  await writeFile(disks[0].path, '');
  const boot = { device: 'cdrom', kernel: at('kernel'), append: () => mark } as const;
  const machine = { name: 'imaged-0', slot: 0, folder: own, memoryMb: 64, disks, nics: [], boot } as const;
  await assert.rejects(
    vmd.start({ ...machine, cdrom: at('iso'), cpus: 1, model: { net_device: mark }, onReboot: 'end' }, on()),
    /start vm command failed/,
  );
  assert.equal(await readFile(join(own, 'kernel'), 'utf8'), 'kernel');
  assert.equal(await readFile(join(own, 'cdrom.iso'), 'utf8'), 'iso');

  const recorded = await record.recorded();
  assert.match(recorded, /\nstart\n-c\n[^]*\n-r\n\S+\/imaged-0\/cdrom\.iso\n-b\n\S+\/imaged-0\/kernel\n/);
  assert.doesNotMatch(recorded, new RegExp(mark));
});

test('an artifact is written under a name of imaged’s own, whatever the template calls it', async () => {
  const written: string[] = [];
  const hypervisor = { convertDisk: async (_: unknown, { path }: { path: string }) => void written.push(path) };
  const name = `${mark}.qcow2`;
  const settings = { name, format: 'qcow2', disk: 0, mostMb: 1 } as const;
  const step = postProcess({ type: 'export', name: `export-${name}`, timeoutMs: 1, takes: [], newMb: 1, settings }, 0);
  const disks = [{ path: '/work/disk0.qcow2', format: 'qcow2' }] as const;
  const tools = { ...postProcessTools(), hypervisor, signal: on() };
  const { drafts } = await step.run({ job: jobWithout, workspace: '/work', disks }, tools);
  assert.deepEqual(written, ['/work/draft0-0.qcow2']);
  assert.deepEqual(drafts, [{ name, from: '/work/draft0-0.qcow2', mediaType: 'application/x-qemu-disk' }]);
});
