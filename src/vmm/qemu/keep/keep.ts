/**
 * Keeps a running machine. Its disks get overlays, so that the files they were come to rest; its memory and devices are
 * written to a file; then it goes on:
 *
 *   overlays made and opened - stop - overlays laid over - variables copied - memory taken - cont        (later) memory compressed
 *
 * Where something fails on the way, all before it is taken back, from the memory's file, whose room the guest may need, to the
 * overlays, whose content moves down into the files that the disks are again.
 */

import { constants } from 'node:fs';
import { chmod, copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cleanupStack, type CleanupStack } from '../../../base/cleanup.ts';
import { asFault, Fault } from '../../../base/fault.ts';
import type { Semaphore } from '../../../base/semaphore.ts';
import { keptFiles, type Disk, type KeepInto, type KeptMachine, type Machine, type MachineSpec } from '../../types.ts';
import { unlinkLayers } from '../image-file.ts';
import { openLayers } from '../layers.ts';
import { machineFiles, sockets } from '../names.ts';
import { networkNumberOf } from '../network.ts';
import type { Qmp } from '../qmp.ts';
import type { QemuHost } from '../process/spawn.ts';
import { asker, type Ask } from './ask.ts';
import { lend, nameRest } from './disks.ts';
import { takeMemory, type MemoryOut } from './memory-out.ts';
import { endMigration, letGoOn, migrated } from './migration.ts';
import { addOverlay, layOver, nodeOver, nodesOf, removeOverlay, takeOff, type Overlay } from './overlays.ts';

/** A machine that runs. */
type Running = {
  readonly spec: MachineSpec;
  readonly host: QemuHost;
  readonly qmp: Pick<Qmp, 'execute'>;
  /** Ends it at once. */
  readonly kill: () => void;
  /** Whose turn it is to have the guest stand still. */
  readonly stillness: Semaphore;
};

/** What one call needs, and what takes it back. */
type Keeping = Running & {
  readonly ask: Ask;
  readonly into: KeepInto;
  readonly undo: CleanupStack;
  /** The overlays lie over the disks, and the guest may write to them. */
  isLaid: boolean;
};

/** Moves all in one go, as fast as it is taken: a guest that stands still has no downtime to be spared. */
const quickly = { 'max-bandwidth': 2 ** 48, 'downtime-limit': 2_000_000 };

const mib = 2 ** 20;

/** What a machine comes to on its way out: each page once, with some words, and the memory of its devices. */
const mostBytesOf = ({ memoryMb }: MachineSpec): number => (memoryMb * 1.25 + 256) * mib;

const checkNames = (disks: readonly Disk[], { overlays, rests = overlays }: KeepInto): void => {
  if (overlays.length !== disks.length || rests.length !== disks.length)
    throw new RangeError(`A machine of ${disks.length} disks takes as many overlays, and as many names for its files.`);
};

/** What is taken back of a machine that has gone meanwhile needs not be. */
const unlessGone = async (done: Promise<unknown>): Promise<void> => {
  await done.catch((error: unknown) => {
    if (!(error instanceof Fault && error.code === 'hypervisor_unavailable')) throw error;
  });
};

const removeAll = async (paths: readonly string[]): Promise<void> => {
  for (const path of paths) await rm(path, { force: true });
};

/** Removes an overlay, and the links beside it to what lies beneath. */
const removeDisk = async ({ path, base }: Disk): Promise<void> => {
  await rm(path, { force: true });
  if (base === undefined) return;
  await using beneath = await openLayers(base);
  await unlinkLayers(path, beneath.layers);
};

/** Makes the overlay of one disk and opens it in QEMU, over nothing yet. */
const makeOverlay = async (
  keeping: Keeping,
  disk: Disk,
  { over, overlay, rest }: { readonly over: string; readonly overlay: string; readonly rest: string },
  signal: AbortSignal,
): Promise<Overlay & { readonly disk: Disk }> => {
  const { spec, host, ask, undo } = keeping;
  const named = await nameRest(disk, rest);
  undo.defer(() => removeAll(named));
  const base = { path: rest, format: disk.format, layers: 'chain' } as const;
  const made = { path: overlay, format: 'qcow2', base } as const;
  await host.createDisk(made, signal);
  undo.defer(() => removeDisk(made));
  const node = nodeOver(over);
  const own = { own: machineFiles(spec.folder).own, name: node, owner: host.user?.of(spec.slot) };
  await lend(overlay, own, async () => {
    await addOverlay(ask, node, node);
    undo.defer(() =>
      unlessGone(keeping.isLaid ? takeOff(ask, { node, over }, host.clock) : removeOverlay(ask, { node })),
    );
  });
  return { disk: made, node, over };
};

/** Copies the variables of UEFI, which QEMU writes as the guest does. */
const keepVariables = async ({ spec, into, undo }: Keeping): Promise<void> => {
  if (spec.firmware === undefined) return;
  const to = join(into.folder, keptFiles.variables);
  await copyFile(spec.firmware.variables, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  undo.defer(() => removeAll([to]));
  await chmod(to, 0o600);
};

/** The part for which the guest stands still. Gives the milliseconds. */
const standStill = async (
  keeping: Keeping,
  overlays: readonly Overlay[],
  memory: MemoryOut,
  signal: AbortSignal,
): Promise<number> => {
  const { host, ask, undo } = keeping;
  const began = host.clock.elapsed();
  await ask('stop', {});
  await layOver(ask, overlays);
  keeping.isLaid = true;
  await keepVariables(keeping);
  undo.defer(() => unlessGone(endMigration(ask, host.clock)));
  await ask('migrate', { uri: `unix:${sockets.keep}` });
  await migrated(ask, host.clock, AbortSignal.any([signal, memory.failed])).catch((error: unknown) => {
    memory.failed.throwIfAborted(); // QEMU says of it that nobody reads
    throw error;
  });
  await letGoOn(ask, host.clock);
  return host.clock.elapsed() - began;
};

const keepOnce = async (keeping: Keeping, disks: readonly Disk[], signal: AbortSignal): Promise<KeptMachine> => {
  const { spec, host, ask, into, undo } = keeping;
  const rests = into.rests ?? disks.map(({ path }) => path);
  const nodes = await nodesOf(ask, disks.length);
  const overlays: (Overlay & { readonly disk: Disk })[] = [];
  for (const [index, disk] of disks.entries()) {
    const [over = '', overlay = '', rest = ''] = [nodes[index], into.overlays[index], rests[index]];
    overlays.push(await makeOverlay(keeping, disk, { over, overlay, rest }, signal));
  }
  await ask('migrate-set-parameters', quickly);
  undo.defer(() => unlessGone(letGoOn(ask, host.clock)));
  const file = join(into.folder, keptFiles.memory);
  const memory = undo.keep(
    await takeMemory(
      { socket: machineFiles(spec.folder).keep, owner: host.user?.of(spec.slot).uid },
      file,
      mostBytesOf(spec),
    ),
  );
  signal.throwIfAborted();
  const stoodStillMs = await standStill(keeping, overlays, memory, signal);
  await memory.whole(signal);
  await memory[Symbol.asyncDispose]();
  return { disks: overlays.map(({ disk }) => disk), network: networkNumberOf(spec), stoodStillMs };
};

const takeBack = async (undo: CleanupStack): Promise<void> => {
  await undo[Symbol.asyncDispose]();
};

/** See `Machine.keep`. */
export const keeper = (running: Running): NonNullable<Machine['keep']> => {
  let { disks } = running.spec;
  return async (into, signal) => {
    checkNames(disks, into);
    // Who looks at the display meanwhile would let the guest go on.
    using _turn = await running.stillness.take(signal);
    const undo = cleanupStack();
    const keeping = { ...running, ask: asker(running.qmp, running.host.clock), into, undo, isLaid: false };
    try {
      const kept = await keepOnce(keeping, disks, signal);
      ({ disks } = kept);
      return kept;
    } catch (error) {
      // Which files its disks are is not known then, and an image of the wrong ones must not come about.
      await takeBack(undo).catch(() => running.kill());
      signal.throwIfAborted();
      throw asFault(error);
    }
  };
};
