/** One running QEMU: started, watched as it goes, and stopped. */

import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { cleanupStack } from '../../base/cleanup.ts';
import { isErrno } from '../../base/errno.ts';
import { Fault } from '../../base/fault.ts';
import { startDetached } from '../../base/program.ts';
import { orAborted, retry } from '../../base/waiting.ts';
import { asksForOutgoing } from '../nics.ts';
import { qemuArgv, type HostChoice } from './argv.ts';
import { endingOf } from './ending.ts';
import type { Inventory } from './inventory.ts';
import { addressesOf, networkOf, sshPortIn } from './network.ts';
import { openSshPort } from './outgoing-ssh.ts';
import { withOutgoing } from './outgoing.ts';
import { awaitGone } from '../end-processes.ts';
import { endProcesses, processesOf } from './processes.ts';
import { tellReboots } from './resets.ts';
import { lastWords, logEnd } from './words.ts';
import { copyKernel, handOver } from './hand-over.ts';
import { kernelFiles, machineFiles } from './names.ts';
import { planOf } from './plan.ts';
import { giveFolder, lowered, type Command, type QemuUser } from './user.ts';
import { openQmp, type Qmp, type QmpEvent } from './qmp.ts';
import { serialLineOver } from '../serial-line.ts';
import type { Ending, Machine, MachineSpec } from '../types.ts';
import { connectUnix } from './unix-socket.ts';

export type QemuHost = HostChoice & {
  readonly binary: string;
  readonly inventory: Inventory;
  /** Undefined: QEMU runs as imaged does. */
  readonly user: QemuUser | undefined;
  readonly clock: Clock;
};

// QEMU answers within 100 ms; it opens disks and loads kernels before, which a busy host may make long.
const mostMsToAnswer = 30_000;

const mostMsToQuit = 1_000;

// For what must come to its end whoever has lost interest.
const never = new AbortController().signal;

/** Nobody listens there: a machine without a network has no way in but its console. */
const noPort = 0;

const untilItListens = { attempts: 10_000, firstMs: 2, growth: 1.2, mostMs: 20 };

const isNotListening = (error: unknown): boolean => isErrno(error, 'ENOENT', 'ECONNREFUSED');

/** Removes all that a QEMU and those beside it leave; its log stays. */
export const removeTraces = (folder: string): Promise<void> =>
  rm(machineFiles(folder).own, { recursive: true, force: true });

/** The folder in which QEMU is to work, empty but for what it reads by name. Nothing of a QEMU before it is in there. */
const makeOwnFolder = async (spec: MachineSpec, user: QemuUser | undefined): Promise<void> => {
  const { own } = machineFiles(spec.folder);
  await removeTraces(spec.folder);
  await mkdir(own, { mode: 0o700 });
  await copyKernel(spec, own);
  await giveFolder(own, user, spec.slot);
};

/** QEMU, running, with its files. What it was given is closed here, and its own from then on. */
const spawnQemu = async (spec: MachineSpec, host: QemuHost) => {
  const { own, log } = machineFiles(spec.folder);
  await using files = await handOver(spec);
  const argv = qemuArgv(planOf(spec, files.handed, host.inventory), host);
  await makeOwnFolder(spec, host.user);
  const plain = { file: host.binary, args: argv };
  const lower = (command: Command) => lowered(host.user, command, spec.slot, host.accelerator);
  const { file, args, ...as } = asksForOutgoing(spec.nics)
    ? await withOutgoing(spec.folder, networkOf(spec.slot, 0), plain, lower)
    : await lower(plain);
  return { argv, qemu: await startDetached(file, args, log, { ...as, cwd: own, fds: files.fds }) };
};

/**
 * Tells QEMU the kernel's command line and has it make the machine, for which it waits (`--preconfig`). QEMU has read
 * kernel and ramdisk then.
 */
const finishKernel = async ({ boot, folder }: MachineSpec, qmp: Qmp, signal: AbortSignal): Promise<void> => {
  if (boot.kernel === undefined) return;
  if (boot.append !== undefined) {
    await qmp.execute('qom-set', { path: '/machine', property: 'append', value: boot.append }, signal);
    await qmp.execute('x-exit-preconfig', {}, signal);
  }
  const { own } = machineFiles(folder);
  for (const name of Object.values(kernelFiles)) await rm(join(own, name), { force: true });
};

/** Starts QEMU with its processor standing still. Throws as `Hypervisor.start` does, and then leaves nothing behind. */
export const startMachine = async (spec: MachineSpec, host: QemuHost, signal: AbortSignal): Promise<Machine> => {
  signal.throwIfAborted();
  const { clock } = host;
  const files = machineFiles(spec.folder);
  const wordsFrom = await logEnd(files.log);
  const isOutgoing = asksForOutgoing(spec.nics);
  const network = networkOf(spec.slot, 0);
  const { argv, qemu } = await spawnQemu(spec, host).catch(async (error: unknown) => {
    await removeTraces(spec.folder);
    throw error;
  });

  let reason: string | undefined;
  let isOurs = false;
  let fullDisk: string | undefined;
  let hasExited = false;
  const rebootWatchers: (() => void)[] = [];
  const gone = new AbortController();
  const exited = qemu.exited.then((exit) => {
    hasExited = true;
    gone.abort(new Fault('hypervisor_unavailable', 'QEMU has ended.'));
    return exit;
  });
  const kill = () => {
    // Until its exit has been told the process is ours, dead or alive, and its number is nobody else's.
    if (!hasExited) process.kill(qemu.pid, 'SIGKILL');
  };
  /** A QEMU that goes on without its control socket can neither be watched nor stopped, so it is ended. */
  const exitSoon = async () => {
    using patience = clock.deadline(mostMsToQuit, never, () => new Error('QEMU has closed its socket but goes on'));
    patience.signal.addEventListener('abort', kill, { once: true });
    return await exited;
  };
  const reset = tellReboots(() => {
    for (const seen of rebootWatchers) seen();
  });
  const see = ({ event, data, atMs }: QmpEvent) => {
    if (event === 'SHUTDOWN') reason = String(data['reason']);
    if (event === 'RESET' && data['guest'] === true) reset(atMs);
    // QEMU stops the processor there (werror=enospc, its default) until somebody makes room and lets it go on. Nobody
    // here does, and a build that hangs tells nothing.
    if (event === 'BLOCK_IO_ERROR' && data['nospace'] === true && data['action'] === 'stop') {
      fullDisk ??= String(data['node-name']);
      kill();
    }
  };

  /** When QEMU has gone: its network follows by itself, and this waits for it. */
  const tidy = async () => {
    if (isOutgoing) await endProcesses(spec.name, spec.folder, clock, never);
    await removeTraces(spec.folder);
  };

  const starting = cleanupStack();
  starting.defer(async () => {
    kill();
    await exited;
    await tidy();
  });
  using deadline = clock.deadline(
    mostMsToAnswer,
    signal,
    () => new Fault('hypervisor_failed', `QEMU did not answer within ${mostMsToAnswer / 1000} s.`),
  );
  const alive = AbortSignal.any([deadline.signal, gone.signal]);
  const reach = async () => {
    const listening = () => openQmp(files.qmp, see, alive);
    const qmp = starting.keep(await retry(listening, untilItListens, isNotListening, clock, alive));
    const line = starting.keep(serialLineOver(await connectUnix(files.serial, alive)));
    await finishKernel(spec, qmp, alive);
    if (spec.nics.length === 0) return { qmp, line, sshPort: noPort };
    const sshPort = isOutgoing
      ? await openSshPort(spec.folder, network, clock, alive)
      : sshPortIn(String(await qmp.execute('human-monitor-command', { 'command-line': 'info usernet' }, alive)));
    return { qmp, line, sshPort };
  };
  const explain = async (error: unknown): Promise<unknown> => {
    const hasClosed = error instanceof Fault && error.code === 'hypervisor_unavailable';
    if (signal.aborted || !hasClosed) return error;
    const exit = await exitSoon();
    const words = await lastWords(files.log, wordsFrom);
    return new Fault(
      'hypervisor_failed',
      `QEMU ended before the machine was ready (${exit.signal ?? `exit code ${exit.exitCode ?? 'unknown'}`}): ${words || 'it said nothing'}`,
      { program: host.binary, args: argv, stderr: words, ...(exit.exitCode ? { exitCode: exit.exitCode } : {}) },
      { cause: error },
    );
  };
  const { qmp, line, sshPort } = await reach().catch(async (error: unknown) => {
    const fault = await explain(error);
    await starting[Symbol.asyncDispose]();
    throw fault;
  });

  const depart = async (): Promise<Ending> => {
    await qmp.closed;
    const exit = await exitSoon();
    // The log is for people: that it cannot be read must not hide that the machine has gone.
    const words = await lastWords(files.log, wordsFrom).catch(() => '');
    // What connects an outgoing machine holds its disks open, as QEMU did, and goes by itself when QEMU has. One that
    // does not is killed by `tidy`, whose fault is told.
    if (isOutgoing)
      await awaitGone(await processesOf(spec.name, spec.folder, never), 'slirp4netns', clock, never).catch(() => '');
    return endingOf({ exit, reason, isOurs, fullDisk, words });
  };
  const ended = depart();

  const pullThePlug = async () => {
    isOurs = true;
    using patience = clock.deadline(mostMsToQuit, never, () => new Error('QEMU does not quit'));
    try {
      await qmp.execute('quit', {}, patience.signal);
      await orAborted(exited, patience.signal);
    } catch {
      kill(); // it hangs, or it has gone while we asked: either way it is gone after this
    }
    await ended;
  };
  let cutting: Promise<void> | undefined;
  const cut = () => (cutting ??= hasExited ? ended.then(() => undefined) : pullThePlug());

  const ask = async (asking: AbortSignal) => {
    try {
      await qmp.execute('system_powerdown', {}, asking);
    } catch (error) {
      // Nobody needs to ask a machine that has gone meanwhile.
      if (!(error instanceof Fault) || error.code !== 'hypervisor_unavailable') throw error;
    }
  };

  return {
    name: spec.name,
    line,
    addresses: addressesOf(spec.slot, spec.folder, sshPort, host.user?.of(spec.slot).uid),
    about: {
      program: host.binary,
      version: host.inventory.version,
      accelerator: host.accelerator,
      pid: qemu.pid,
      command: [host.binary, ...argv],
    },
    run: async (running) => {
      await qmp.execute('cont', {}, running).catch(async (error: unknown) => {
        throw await explain(error);
      });
    },
    ended,
    onRebooted: (seen) => void rebootWatchers.push(seen),
    stop: (how, stopping) => (how === 'ask' ? ask(stopping) : orAborted(cut(), stopping)),
    async [Symbol.asyncDispose]() {
      await cut();
      line[Symbol.dispose]();
      await tidy();
    },
  };
};
