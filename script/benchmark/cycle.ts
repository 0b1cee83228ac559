/** The shortest useful build: boot, prompt, one typed line, DHCP, fetch, write to the disk, power off. */

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { join } from 'node:path';
import { z } from 'zod';
import { systemClock as clock } from '../../src/base/clock.ts';
import { cleanupStack } from '../../src/base/cleanup.ts';
import { qemuArgv, type HostChoice } from '../../src/vmm/qemu/argv.ts';
import { takeInventory, versionOf, type Inventory } from '../../src/vmm/qemu/probe/inventory.ts';
import { addressesOf, networkConfig } from '../../src/vmm/qemu/network.ts';
import { handOver } from '../../src/vmm/qemu/process/hand-over.ts';
import { machineFiles, networkFile } from '../../src/vmm/qemu/names.ts';
import { planOf } from '../../src/vmm/qemu/plan.ts';
import { connectUnix } from '../../src/vmm/unix-socket.ts';
import { startDetached } from '../../src/base/process/start-detached.ts';
import { orAborted, retry } from '../../src/base/waiting.ts';
import { fastAppend, guest, startImaged, type Imaged } from '../../test/fixtures/imaged.ts';
import { workplace } from './workplace.ts';

const diskMb = 16;
const payloadBytes = 4 * 2 ** 20;
const memoryMb = 128;
const binary = 'qemu-system-x86_64';

/** What is installed: random bytes, so that nothing but the cycle can have put them on a disk. */
export type Goods = AsyncDisposable & {
  readonly folder: string;
  /** The folder that holds them alone, as `p`: Packer types every letter of an address in 0.2 s. */
  readonly shown: string;
  readonly bytes: Buffer;
  readonly append: string;
  readonly host: HostChoice;
  readonly inventory: Inventory;
};

export const makeGoods = async (signal: AbortSignal): Promise<Goods> => {
  const inventory = await takeInventory(binary, await versionOf(binary, signal), signal);
  const append = await fastAppend();
  const bytes = randomBytes(payloadBytes);
  const place = await workplace();
  const shown = join(place.folder, 'shown');
  await mkdir(shown);
  await writeFile(join(shown, 'p'), bytes);
  return {
    ...place,
    shown,
    bytes,
    append,
    inventory,
    host: { accelerator: 'tcg', canSandbox: inventory.canSandbox },
  };
};

/** Throws unless the image begins with the goods. */
export const verify = async (image: string, { bytes }: Goods): Promise<void> => {
  await using file = await open(image);
  const { buffer } = await file.read(Buffer.alloc(bytes.length), 0, bytes.length, 0);
  assert.ok(buffer.equals(bytes), `${image} does not hold what was to be written`);
};

/** The build that does it; `hear` is what is waited for in place of the prompt, for a machine that stands still. */
export const cycleTemplate = (append: string, hear = 'cycle# $') => ({
  name: 'cycle',
  machine: {
    memory: `${memoryMb}M`,
    disks: [{ size: `${diskMb}M`, format: 'raw' }],
    boot: { kernel: 'media:tiny/vmlinux', initrd: 'media:tiny/cycle.cpio', append },
  },
  http: { p: { file: 'media:bench/p' } },
  install: {
    console: [
      { hear, within: '1h', say: '{{ http_url }}/p' },
      { hear: '^cycle done', refuse: ['cycle failed'] },
    ],
    ends: 'halt',
  },
  communicator: { type: 'none' },
  artifacts: [{ name: 'cycle.raw', format: 'raw' }],
});

/** Settings of a daemon that keeps the history that it is given. */
export const keepAll = '[retention]\nkeep = 1000000\n';

const tcg = '[hypervisor.qemu]\naccelerator = "tcg"\n';

/** A daemon that has the goods among its media. */
export const startWithGoods = ({ shown }: Pick<Goods, 'shown'>, workers: number, tables = ''): Promise<Imaged> =>
  startImaged({ settings: `workers = ${workers}\n`, tables: tcg + tables, media: { tiny: guest, bench: shown } });

/** Seconds from POST to `succeeded`. What was published is verified afterwards. */
export const cycleByDaemon = async (imaged: Imaged, goods: Goods, signal: AbortSignal): Promise<number> => {
  const body = { template: cycleTemplate(goods.append) };
  const began = clock.elapsed();
  const { id } = await imaged.post(body);
  const result = await imaged.call(`/builds/${id}/result?wait=60`, { signal });
  const seconds = (clock.elapsed() - began) / 1000;
  assert.equal(result.status, 200, await result.text());
  await verify(join(imaged.dataDir, 'builds', id, 'artifacts', 'cycle.raw'), goods);
  return seconds;
};

const isNotThere = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && ['ENOENT', 'ECONNREFUSED'].includes(String(error.code));

/** A machine that runs, with its console attached, for a build that is under way until the daemon stops. Gives the build's id. */
export const occupy = async (imaged: Imaged, append: string, signal: AbortSignal): Promise<string> => {
  const { id } = await imaged.post({ template: cycleTemplate(append, 'what nobody says') });
  const console = await imaged.call(`/builds/${id}/console?follow=true`, { signal });
  assert.equal(console.status, 200);
  let heard = '';
  for await (const chunk of z.instanceof(ReadableStream).parse(console.body)) {
    heard += Buffer.from(z.instanceof(Uint8Array).parse(chunk)).toString('latin1');
    if (heard.includes('cycle# ')) return id;
  }
  throw new Error(`the machine said "${heard}" and no more`);
};

/** The words of a machine that does not stand still, whose line is a socket, and whose events nobody hears. */
const runsAtOnce = (argv: readonly string[]): readonly string[] =>
  argv
    .filter((word) => word !== '-S')
    .map((word) => word.replace(/^pipe,id=serial,.*/, 'socket,id=serial,path=serial.sock,server=on,wait=off'))
    .map((word) => word.replace(/^pipe,id=events,.*/, 'null,id=events'));

/**
 * Seconds of the same cycle by a script: QEMU with the flags that the daemon gives it, except that it runs at once, and
 * a server that gives the goods to whoever asks. The server is up before the clock runs.
 */
// One closure, though long: it is one script, from its first line to its last.
export const cycleByScript = async (goods: Goods, slot: number, signal: AbortSignal): Promise<number> => {
  await using cleanup = cleanupStack();
  const folder = join(goods.folder, `bare-${slot}`);
  await mkdir(folder);
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const { own, http, log } = machineFiles(folder);
  await mkdir(own);
  const server = createServer((_, reply) => void readFile(join(goods.shown, 'p')).then((bytes) => reply.end(bytes)));
  // The guest's client closes its half when it has asked; without this, Node drops the reply.
  Object.assign(server, { httpAllowHalfOpen: true });
  server.listen(http);
  await once(server, 'listening', { signal });
  cleanup.defer(() => server.close().closeAllConnections());
  const disk = join(folder, 'disk');
  const spec = {
    name: `bare-${slot}`,
    slot,
    folder,
    memoryMb,
    disks: [{ path: disk, format: 'raw' }],
    nics: [{ network: 'local' }],
    boot: { device: 'disk' },
    cpus: 1,
    model: {},
    onReboot: 'end',
  } as const;

  const began = clock.elapsed();
  await writeFile(disk, '');
  await truncate(disk, diskMb * 2 ** 20);
  await using files = await handOver(spec);
  const kernel = ['-kernel', join(guest, 'vmlinux'), '-initrd', join(guest, 'cycle.cpio'), '-append', goods.append];
  const plan = planOf(spec, files.handed, goods.inventory);
  await writeFile(join(own, networkFile), networkConfig(plan, 'nc') ?? '');
  const argv = runsAtOnce(qemuArgv(plan, goods.host));
  const { pid, exited } = await startDetached(binary, [...argv, ...kernel], log, { cwd: own, fds: files.fds });
  let hasExited = false;
  const ended = new AbortController();
  void exited.then(async () => {
    hasExited = true;
    ended.abort(new Error(`QEMU has ended: ${await readFile(log, 'utf8').catch(String)}`));
  });
  cleanup.defer(async () => {
    if (!hasExited) process.kill(pid, 'SIGKILL');
    await exited;
  });
  const untilItListens = { attempts: 1000, firstMs: 2, growth: 1.2, mostMs: 20 };
  const line = await retry(
    () => connectUnix(join(own, 'serial.sock'), signal),
    untilItListens,
    isNotThere,
    clock,
    AbortSignal.any([signal, ended.signal]),
  );
  cleanup.defer(() => void line.destroy());
  let heard = '';
  let isTyped = false;
  line.on('error', () => undefined); // QEMU goes without a word; what counts is on the disk
  line.setEncoding('latin1').on('data', (text: string) => {
    heard += text;
    if (isTyped || !heard.includes('cycle# ')) return;
    isTyped = true;
    line.write(`${addressesOf({ slot, folder, nics: [] }, 0).http.url}/p\r`);
  });
  await orAborted(exited, signal);
  const seconds = (clock.elapsed() - began) / 1000;
  assert.match(heard, /cycle done/);
  await verify(disk, goods);
  return seconds;
};
