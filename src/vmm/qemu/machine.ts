/** One running QEMU as a machine: started, reached over its sockets, and stopped. `life.ts` says how it lives. */

import { cleanupStack, type CleanupStack } from '../../base/cleanup.ts';
import type { Clock, Deadline } from '../../base/clock.ts';
import { Fault } from '../../base/fault.ts';
import { tailOf } from '../../base/file/tail.ts';
import { makeSemaphore } from '../../base/semaphore.ts';
import { orAborted, retry } from '../../base/waiting.ts';
import { asksForOutgoing } from '../nics.ts';
import type { HeldLine } from '../held/held-line.ts';
import type { Machine, MachineSpec } from '../types.ts';
import { displayOver } from './display/display.ts';
import { keeper } from './keep/keep.ts';
import { openMemory, type KeptMemory } from './keep/memory-in.ts';
import { machineFiles } from './names.ts';
import { addressesOf, networkNumberOf, networkOf, sshPortIn } from './network.ts';
import { openSshPort } from './outgoing/ssh.ts';
import { hasAnswered, hasClosed, openQmp, type Qmp } from './qmp.ts';
import { lineOf, type Holding } from './pipes.ts';
import { endHolding, finishKernel, removeTraces, spawnQemu, type QemuHost, type SpawnedQemu } from './process/spawn.ts';
import { watchQemu, type WatchedQemu } from './process/watched.ts';
import { lastWords, logEnd } from './process/words.ts';

// QEMU answers within 100 ms; it opens disks and loads kernels before, which a busy host may make long.
const mostMsToAnswer = 30_000;
// One that goes on reads its memory, at 500 MB/s or more, and so fast as the host's disk gives it.
const mostMsPerMb = 20;

/** Nobody listens there: a machine without a network has no way in but its console. */
const noPort = 0;

const oftenAtFirst = { attempts: Infinity, firstMs: 2, growth: 1.1, mostMs: 10 };

/** The port of this host that leads to the guest. */
export const findSshPort = async (spec: MachineSpec, qmp: Qmp, clock: Clock, alive: AbortSignal): Promise<number> => {
  const { nics, folder } = spec;
  if (nics.length === 0) return noPort;
  return asksForOutgoing(nics)
    ? openSshPort(folder, networkOf(networkNumberOf(spec), 0), clock, alive)
    : sshPortIn(String(await qmp.execute('human-monitor-command', { 'command-line': 'info usernet' }, alive)));
};

/** Returns when QEMU has answered on its line of events: then it has come to its main loop, and is ready to be connected to. */
const untilItAnswers = async (spec: MachineSpec, clock: Clock, alive: AbortSignal): Promise<void> => {
  const { told } = machineFiles(spec.folder);
  const look = async () => {
    if (hasAnswered(await tailOf(told.path, 4096))) return;
    alive.throwIfAborted();
    throw new Fault('hypervisor_unavailable', 'QEMU has not answered yet.');
  };
  await retry(look, oftenAtFirst, hasClosed, clock, alive);
};

/** What has been done when both have ended; throws what the first of them threw. */
const both = async <One>(one: Promise<One>, other: Promise<void>): Promise<One> => {
  await Promise.allSettled([one, other]);
  await other;
  return one;
};

type Starting = {
  readonly holding: Holding;
  readonly watched: WatchedQemu;
  /** Of the machine from which it goes on. */
  readonly memory: KeptMemory | undefined;
};

/** Opens the sockets of a QEMU that has just been spawned, and has it make the machine. `starting` keeps what it opens. */
const reach = async (
  spec: MachineSpec,
  host: QemuHost,
  { holding, watched, memory }: Starting,
  starting: CleanupStack,
  alive: AbortSignal,
) => {
  const { clock } = host;
  const files = machineFiles(spec.folder);
  await untilItAnswers(spec, clock, alive);
  const qmp = starting.keep(await openQmp(files.qmp, watched.onEvent, alive));
  const holdLine = async () => {
    const line = starting.keep(await lineOf(spec, await orAborted(holding.holder, alive), watched.exited, host));
    // QEMU has its own ends since it listens.
    await holding[Symbol.asyncDispose]();
    return line;
  };
  const fill = async () => {
    await finishKernel(spec, qmp, alive);
    await memory?.give(spec.folder, qmp, clock, alive);
  };
  const line = await both(holdLine(), fill());
  return { qmp, line, sshPort: await findSshPort(spec, qmp, clock, alive) };
};

/** Why a QEMU that has closed its socket ended before its machine was ready; any other error as it is. */
const explainer =
  (spec: MachineSpec, { binary }: QemuHost, { argv }: SpawnedQemu, watched: WatchedQemu, wordsFrom: number) =>
  async (error: unknown): Promise<unknown> => {
    if (!hasClosed(error)) return error;
    const exit = await watched.endSoon();
    const words = await lastWords(machineFiles(spec.folder).log, wordsFrom);
    return new Fault(
      'hypervisor_failed',
      `QEMU ended before the machine was ready (${exit.signal ?? `exit code ${exit.exitCode ?? 'unknown'}`}): ${words || 'it said nothing'}`,
      { program: binary, args: argv, stderr: words, ...(exit.exitCode ? { exitCode: exit.exitCode } : {}) },
      { cause: error },
    );
  };

const untilReady = ({ from, memoryMb }: MachineSpec, { clock }: QemuHost, signal: AbortSignal): Deadline => {
  const mostMs = mostMsToAnswer + (from === undefined ? 0 : memoryMb * mostMsPerMb);
  return clock.deadline(
    mostMs,
    signal,
    () => new Fault('hypervisor_failed', `QEMU was not ready within ${mostMs / 1000} s.`),
  );
};

/** Presses the power button. A machine that has gone meanwhile need not be asked. */
const pressButton = async (qmp: Qmp, signal: AbortSignal): Promise<void> => {
  try {
    await qmp.execute('system_powerdown', {}, signal);
  } catch (error) {
    if (!hasClosed(error)) throw error;
  }
};

/** Starts QEMU with its processor standing still. Throws as `Hypervisor.start` does, and then leaves nothing behind. */
export const startMachine = async (spec: MachineSpec, host: QemuHost, signal: AbortSignal): Promise<Machine> => {
  signal.throwIfAborted();
  const wordsFrom = await logEnd(machineFiles(spec.folder).log);
  await using memory = spec.from === undefined ? undefined : await openMemory(spec.from.memory);
  const qemu = await spawnQemu(spec, host, signal).catch(async (error: unknown) => {
    await removeTraces(spec.folder);
    throw error;
  });
  const watched = watchQemu(spec, qemu, wordsFrom, host);
  const explain = explainer(spec, host, qemu, watched, wordsFrom);

  const starting = cleanupStack();
  starting.defer(async () => {
    watched.kill();
    await watched.exited;
    await endHolding(qemu.holding);
    await watched.tidy();
  });
  using deadline = untilReady(spec, host, signal);
  const gone = new AbortController();
  void watched.exited.then(() => gone.abort(new Fault('hypervisor_unavailable', 'QEMU has ended.')));
  const alive = AbortSignal.any([deadline.signal, gone.signal]);
  const { qmp, line, sshPort } = await reach(spec, host, { ...qemu, watched, memory }, starting, alive).catch(
    async (error: unknown) => {
      const fault = signal.aborted ? error : await explain(error);
      await starting[Symbol.asyncDispose]();
      throw fault;
    },
  );

  return machineOver(spec, host, {
    ...{ qemu, watched, qmp, line, sshPort },
    run: async (running) => {
      await qmp.execute('cont', {}, running).catch(async (error: unknown) => {
        throw signal.aborted ? error : await explain(error);
      });
    },
  });
};

/** A QEMU that was reached. */
type Reached = {
  readonly qemu: Pick<SpawnedQemu, 'pid' | 'argv'>;
  readonly watched: WatchedQemu;
  readonly qmp: Qmp;
  readonly line: HeldLine;
  readonly sshPort: number;
  readonly run: Machine['run'];
};

/** The machine that a QEMU is. */
export const machineOver = (
  spec: MachineSpec,
  host: QemuHost,
  { qemu, watched, qmp, line, sshPort, run }: Reached,
): Machine => {
  const { life } = watched;
  void qmp.closed.then(() => life.see({ saw: 'closed' }));
  let cutting: Promise<void> | undefined;
  const stillness = makeSemaphore(1);
  const cut = () => (cutting ??= watched.pullThePlug(qmp).then(() => life.ended.then(() => undefined)));
  return {
    name: spec.name,
    hostname: spec.hostname ?? spec.name,
    line,
    addresses: addressesOf(spec, sshPort, host.user?.of(spec.slot).uid),
    about: {
      program: host.binary,
      version: host.inventory.version,
      accelerator: host.accelerator,
      pid: qemu.pid,
      command: [host.binary, ...qemu.argv],
    },
    run,
    ...(spec.display === undefined ? {} : { display: displayOver(qmp, stillness) }),
    keep: keeper({ spec, host, qmp, kill: watched.kill, stillness }),
    ended: life.ended,
    onRebooted: watched.onRebooted,
    onLineGap: line.onGap,
    stop: (how, stopping) => (how === 'ask' ? pressButton(qmp, stopping) : orAborted(cut(), stopping)),
    async [Symbol.asyncDispose]() {
      await cut();
      await line[Symbol.asyncDispose]();
      await watched.tidy();
    },
  };
};
