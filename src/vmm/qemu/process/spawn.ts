/** Brings a QEMU up: its folder, its files, its user, its process. */

import { link, mkdir, open, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../../base/clock.ts';
import { startDetached, type DetachedProcess } from '../../../base/process/start-detached.ts';
import { runProgram } from '../../../base/program.ts';
import { removeHeld } from '../../held/holder.ts';
import { asksForOutgoing } from '../../nics.ts';
import { writeSeed } from '../../seed.ts';
import type { Hypervisor, MachineSpec } from '../../types.ts';
import { qemuArgv, type HostChoice } from '../argv.ts';
import { readyFirmware } from '../firmware.ts';
import { copyKernel, handOver } from './hand-over.ts';
import type { Inventory } from '../probe/inventory.ts';
import { kernelFiles, machineFiles, networkFile } from '../names.ts';
import { knownAddressesOf, networkConfig, networkNumberOf, networkOf } from '../network.ts';
import { withOutgoing } from '../outgoing/outgoing.ts';
import { holdFromBeginning, type Holding } from '../pipes.ts';
import { planOf } from '../plan.ts';
import type { Qmp } from '../qmp.ts';
import { giveTo, lowered, type ProgramCommand, type QemuUser } from './user.ts';

// It takes milliseconds, and leaves nothing.
const never = new AbortController().signal;

export type QemuHost = HostChoice & {
  readonly binary: string;
  readonly netcat: string;
  readonly inventory: Inventory;
  /** Undefined: QEMU runs as imaged does. */
  readonly user: QemuUser | undefined;
  readonly createDisk: Hypervisor['createDisk'];
  readonly clock: Clock;
};

/** Removes all that a QEMU and those beside it leave; its log stays. */
export const removeTraces = async (folder: string): Promise<void> => {
  const { own, pipes, told } = machineFiles(folder);
  await removeHeld(folder);
  for (const path of [own, ...[...Object.values(pipes), told].map((file) => file.path)])
    await rm(path, { recursive: true, force: true });
};

/** What imaged and QEMU both use: QEMU by the names in its own folder, which imaged never opens. */
const makeShared = async ({ folder, slot }: MachineSpec, user: QemuUser | undefined): Promise<void> => {
  const { pipes, told } = machineFiles(folder);
  const fifos = Object.values(pipes);
  await runProgram('mkfifo', ['-m', '600', ...fifos.map(({ path }) => path)], { signal: never });
  await (await open(told.path, 'wx', 0o600)).close();
  for (const { path, own } of [...fifos, told]) {
    await giveTo(path, user, slot);
    await link(path, own);
  }
};

/** The folder in which QEMU is to work, empty but for what it reads by name. Nothing of a QEMU before it is in there. */
const makeOwnFolder = async (
  spec: MachineSpec,
  network: string | undefined,
  user: QemuUser | undefined,
): Promise<void> => {
  const { own } = machineFiles(spec.folder);
  await removeTraces(spec.folder);
  await mkdir(own, { mode: 0o700 });
  await copyKernel(spec, own);
  // Only QEMU's user and imaged can enter the folder.
  if (network !== undefined) await writeFile(join(own, networkFile), network, { mode: 0o644 });
  await makeShared(spec, user);
  await giveTo(own, user, spec.slot);
};

/** A QEMU that runs, its arguments, and what holds its serial line. */
export type SpawnedQemu = DetachedProcess & { readonly argv: readonly string[]; readonly holding: Holding };

/** Leaves nothing of a holder whose QEMU has not started. */
export const endHolding = async (holding: Holding): Promise<void> => {
  await holding[Symbol.asyncDispose]();
  // It has ended by itself, or was never there.
  await holding.holder.then((holder) => holder.end()).catch(() => undefined);
};

/** QEMU, running, with its files. What it was given is closed here, and its own from then on. */
export const spawnQemu = async (spec: MachineSpec, host: QemuHost, signal: AbortSignal): Promise<SpawnedQemu> => {
  const { own, log } = machineFiles(spec.folder);
  const firmware = await readyFirmware(spec.firmware);
  await using files = await handOver({ ...spec, firmware }, await writeSeed(spec, knownAddressesOf(spec)));
  const plan = planOf(spec, files.handed, host.inventory);
  const argv = qemuArgv(plan, host);
  await makeOwnFolder(spec, networkConfig(plan, host.netcat), host.user);
  const plain = { file: host.binary, args: argv };
  const lower = (command: ProgramCommand) => lowered(host.user, command, spec.slot, host.accelerator);
  const { file, args, ...as } = asksForOutgoing(spec.nics)
    ? await withOutgoing(spec.folder, networkOf(networkNumberOf(spec), 0), plain, lower)
    : await lower(plain);
  const holding = await holdFromBeginning(spec, host, signal);
  try {
    return { argv, holding, ...(await startDetached(file, args, log, { ...as, cwd: own, fds: files.fds })) };
  } catch (error) {
    await endHolding(holding);
    throw error;
  }
};

/**
 * Tells QEMU the kernel's command line and has it make the machine, for which it waits (`--preconfig`). QEMU has read
 * kernel and ramdisk then.
 */
export const finishKernel = async (spec: MachineSpec, qmp: Qmp, signal: AbortSignal): Promise<void> => {
  const { boot, folder } = spec;
  if (boot.kernel === undefined) return;
  if (boot.append !== undefined) {
    const value = boot.append(knownAddressesOf(spec));
    await qmp.execute('qom-set', { path: '/machine', property: 'append', value }, signal);
    await qmp.execute('x-exit-preconfig', {}, signal);
  }
  const { own } = machineFiles(folder);
  for (const name of Object.values(kernelFiles)) await rm(join(own, name), { force: true });
};
