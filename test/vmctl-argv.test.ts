import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import fc from 'fast-check';
import type { MachineShape, Nic } from '../src/base/hardware.ts';
import type { DiskFile, MachineSpec } from '../src/vmm/types.ts';
import { consoleArgv, copyArgv, createArgv, startArgv, stopArgv } from '../src/vmm/vmd/argv.ts';
import { statusArgv } from '../src/base/machine/vmd-status.ts';
import { mostCpusAsker } from '../src/vmm/vmd/cpus.ts';
import { makeVmdDisks } from '../src/vmm/vmd/disks.ts';
import { refuseForVmd } from '../src/vmm/vmd/refuse.ts';
import { traitsOf } from '../src/vmm/vmd/releases.ts';
import { runs } from './fixtures/long.ts';

const run = promisify(execFile);
const programs = fileURLToPath(new URL('../../test/vmd/', import.meta.url));
const releases = ['7.2', '7.4', '7.7', 'current'] as const;
const templates = { local: 'imaged', outgoing: 'imaged-outgoing', switches: ['lan', 'dmz'] };

let folder: string;

/** A vmctl of each release, whose vmd does not run: what it says of its arguments comes before it says that. */
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'argv-'));
  for (const release of releases) {
    await mkdir(join(folder, release));
    await symlink(join(programs, 'vmctl'), join(folder, release, 'vmctl'));
    const settings = { release, socket: join(folder, release, 'nobody.sock'), users: {} };
    await writeFile(join(folder, release, 'vmd.json'), JSON.stringify(settings));
  }
  for (const name of ['bsd.rd', 'cd.iso', 'd0.raw', 'd1.raw', 'd2.raw', 'd3.raw', 'd4.raw'])
    await writeFile(join(folder, name), Buffer.alloc(65_536));
});

after(() => rm(folder, { recursive: true, force: true }));

/** What vmctl says; its exit code is 1 at best, for there is no vmd. */
const sayOf = async (release: string, argv: readonly string[]): Promise<string> => {
  try {
    const { stdout, stderr } = await run(join(folder, release, 'vmctl'), argv);
    return stdout + stderr;
  } catch (error) {
    if (error instanceof Error && 'stderr' in error) return String(error.stderr);
    throw error;
  }
};

const isTaken = (said: string): boolean =>
  said
    .split('\n')
    .filter((line) => line !== '' && !/^vmctl: starting without (disks|network interfaces)$/.test(line))
    .join() === 'vmctl: connect: /var/run/vmd.sock: No such file or directory';

const network = fc.constantFrom<Nic['network']>('local', 'outgoing');

const machine = fc.record({
  memoryMb: fc.oneof(fc.integer({ min: 1, max: 2048 }), fc.integer({ min: 1, max: 200 * 1024 })),
  disks: fc.integer({ min: 0, max: 5 }),
  nics: fc.oneof(
    fc.array(fc.constantFrom<Nic['network']>('local', 'switch'), { maxLength: 4 }),
    fc.array(network, { maxLength: 5 }),
  ),
  device: fc.constantFrom('disk' as const, 'disk' as const, 'cdrom' as const, 'net' as const, 'floppy' as const),
  cpus: fc.oneof({ weight: 3, arbitrary: fc.constant(1) }, fc.integer({ min: 1, max: 65 })),
  hasKernel: fc.boolean(),
  hasCdrom: fc.boolean(),
  onReboot: fc.constantFrom('end' as const, 'again' as const),
  slot: fc.integer({ min: 0, max: 249 }),
});

test('every machine that is not refused at POST has a command line that vmctl takes, in every release', async (t) => {
  let taken = 0;
  const often = runs(1200);
  await fc.assert(
    fc.asyncProperty(machine, fc.constantFrom(...releases), async (asked, release) => {
      const disks = Array.from({ length: asked.disks }, (_, at): DiskFile => ({ path: join(folder, `d${at}.raw`), format: 'raw' })); // prettier-ignore
      const boot = { device: asked.device, ...(asked.hasKernel ? { kernel: join(folder, 'bsd.rd') } : {}) };
      const nics = asked.nics.map((network) => ({ network }));
      const cdrom = asked.hasCdrom ? { cdrom: join(folder, 'cd.iso') } : {};
      const shape: MachineShape = {
        ...{
          memoryMb: asked.memoryMb,
          disks: disks.map(({ format }) => ({ format, sizeMb: 1 })),
          nics,
          boot,
          cpus: asked.cpus,
          model: {},
        },
        ...{ hasCdrom: asked.hasCdrom, hasFloppy: false, ...cdrom },
      };
      const askMostCpus = mostCpusAsker(join(folder, release, 'vmctl'), traitsOf(release));
      const refused = await refuseForVmd(
        shape,
        traitsOf(release),
        { noOutgoing: undefined, askMostCpus },
        AbortSignal.timeout(10_000),
      );
      if (refused.length > 0) return;
      const spec: MachineSpec = {
        ...{ name: `imaged-${asked.slot}`, slot: asked.slot, folder, memoryMb: asked.memoryMb, disks, nics, boot },
        ...{ cpus: asked.cpus, model: {}, onReboot: asked.onReboot, ...cdrom },
      };
      const said = await sayOf(release, startArgv(spec, templates));
      assert.ok(isTaken(said), `${release}: ${startArgv(spec, templates).join(' ')}\n${said}`);
      taken += 1;
    }),
    often,
  );
  t.diagnostic(`${taken} machines were described and their command lines taken`);
  assert.ok(taken * 20 > often.numRuns, `only ${taken}`);
});

test('what is asked of vmctl beside starting is taken by every release', async () => {
  for (const release of releases)
    for (const argv of [
      statusArgv,
      consoleArgv('imaged-0'),
      stopArgv('imaged-0', 'ask'),
      stopArgv('imaged-249-9', 'cut'),
    ])
      assert.ok(isTaken(await sayOf(release, argv)), `${release}: ${argv.join(' ')}\n${await sayOf(release, argv)}`);
});

test('disks are made, laid over a base, grown and converted by the command lines that vmctl takes', async () => {
  for (const release of releases) {
    const at = (name: string, format: DiskFile['format'] = 'qcow2'): DiskFile => ({ path: join(folder, `${release}-${name}`), format }); // prettier-ignore
    const made = async (argv: readonly string[]) => assert.match(await sayOf(release, argv), /^vmctl: (qcow2|raw) imagefile created\n$/m); // prettier-ignore
    await made(createArgv({ ...at('empty'), sizeMb: 10 }));
    await made(createArgv({ ...at('plain', 'raw'), sizeMb: 10 }));
    await made(createArgv({ ...at('over'), base: at('empty') }));
    await made(copyArgv(at('over'), at('grown'), 20));
    await made(copyArgv(at('grown'), at('flat', 'raw')));
  }
});

test('a disk of a base that lies on another beside it is made, grown and flattened, by links beside the disk', async () => {
  const media = join(folder, 'media, and: more');
  await mkdir(media, { recursive: true });
  const qemuImg = (...words: readonly string[]) => run('qemu-img', words, { cwd: media });
  for (const release of releases) {
    const own = join(folder, `${release}-chain`);
    await mkdir(own);
    await writeFile(join(media, 'content'), Buffer.alloc(1024 ** 2, 'the lowest has it'));
    await qemuImg('convert', '-f', 'raw', '-O', 'qcow2', 'content', 'lowest');
    await qemuImg('create', '-q', '-f', 'qcow2', '-b', 'lowest', '-F', 'qcow2', 'upper');
    const { createDisk, convertDisk } = makeVmdDisks(join(folder, release, 'vmctl'));
    const base = { path: join(media, 'upper'), format: 'qcow2', layers: 'chain' } as const;
    for (const sizeMb of [undefined, 3]) {
      const at = `disk${sizeMb ?? 0}`;
      const disk = { path: join(own, `${at}.qcow2`), format: 'qcow2', base } as const;
      await createDisk({ ...disk, ...(sizeMb === undefined ? {} : { sizeMb }) }, AbortSignal.timeout(20_000));
      await convertDisk(disk, { path: join(own, `${at}.raw`), format: 'raw' }, AbortSignal.timeout(20_000));
      const flat = await readFile(join(own, `${at}.raw`));
      assert.equal(flat.length, (sizeMb ?? 1) * 1024 ** 2);
      assert.ok(flat.subarray(0, 1024 ** 2).equals(await readFile(join(media, 'content'))), `${release} ${at}`);
    }
  }
});

test('vmd refuses a display with its place and what its guests have instead', async () => {
  const shape: MachineShape = {
    ...{ memoryMb: 64, cpus: 1, disks: [{ format: 'raw', sizeMb: 1 }], nics: [], boot: { device: 'disk' } },
    ...{ hasCdrom: false, hasFloppy: false, model: {}, display: 'vga' },
  };
  const parts = { noOutgoing: undefined, askMostCpus: () => Promise.resolve(1) };
  const [refused] = await refuseForVmd(shape, traitsOf('current'), parts, AbortSignal.timeout(10_000));
  assert.equal(refused?.pointer, '/machine/display');
  assert.match(refused?.message ?? '', /serial line/);
});

test('vmd puts an interface on a switch that the configuration lists, and refuses the others and what it does not have', async () => {
  const shape: MachineShape = {
    ...{ memoryMb: 64, cpus: 1, disks: [{ format: 'raw', sizeMb: 1 }], boot: { device: 'disk' } },
    nics: [
      { network: 'local', mac: '52:54:00:12:34:56', mtu: 1400, model: 'e1000' },
      { network: 'switch', switch: 'lan' },
      { network: 'switch', switch: 'lam' },
    ],
    ...{ hasCdrom: true, hasCdOfFiles: true, hasFloppy: false, hasFloppyOfFiles: true, model: {}, firmware: 'uefi' },
  };
  const host = { noOutgoing: undefined, askMostCpus: () => Promise.resolve(1), switches: templates.switches };
  const refused = await refuseForVmd(shape, traitsOf('current'), host, AbortSignal.timeout(10_000));
  assert.deepEqual(refused.map(({ pointer }) => pointer).sort(), [
    '/machine/cd_of_files',
    '/machine/firmware',
    '/machine/floppy_of_files',
    '/machine/nics/0/mac',
    '/machine/nics/0/model',
    '/machine/nics/0/mtu',
    '/machine/nics/2/switch',
  ]);
  assert.match(refused.find(({ pointer }) => pointer.endsWith('switch'))?.message ?? '', /"lam": did you mean "lan"\?/);
  const spec: MachineSpec = {
    ...{ name: 'imaged-0', slot: 0, folder: '/f', memoryMb: 64, cpus: 1, disks: [], boot: { device: 'disk' } },
    nics: [{ network: 'local' }, { network: 'switch', switch: 'lan' }],
    ...{ model: {}, onReboot: 'again' },
  };
  assert.match(startArgv(spec, templates).join(' '), / -L -n lan /);
});
