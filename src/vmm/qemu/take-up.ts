/** Goes on with a QEMU that an earlier run of the daemon started: its process, its sockets, and what it told meanwhile. */

import type { Exit } from '../../base/process/start-detached.ts';
import { Fault } from '../../base/fault.ts';
import { tailOf } from '../../base/file/tail.ts';
import { deferred } from '../../base/waiting.ts';
import { awaitGone } from '../end-processes.ts';
import { holderLeft } from '../held/holder.ts';
import type { Machine, MachineSpec } from '../types.ts';
import { findSshPort, machineOver } from './machine.ts';
import { machineFiles } from './names.ts';
import { lineOf } from './pipes.ts';
import { processesOf } from './process/processes.ts';
import { eventsIn, hasClosed, openQmp, type Qmp } from './qmp.ts';
import type { QemuHost } from './process/spawn.ts';
import { watchQemu } from './process/watched.ts';
import { logEnd } from './process/words.ts';

const mostMsToAnswer = 10_000;
// More than this are a flood.
const mostEventBytes = 2 * 1024 * 1024;

const never = new AbortController().signal;

// Another process's child cannot be waited for.
const unknown: Exit = { exitCode: undefined, signal: undefined };

/** What is left of a QEMU that went while no daemon was there: a control socket that has closed. */
const goneQmp: Qmp = {
  execute: () => Promise.reject(new Fault('hypervisor_unavailable', 'QEMU has gone.')),
  closed: Promise.resolve(),
  [Symbol.asyncDispose]: () => Promise.resolve(),
};

/** Of one that goes while it is taken up. */
const orGone = (error: unknown): Qmp => {
  if (!hasClosed(error)) throw error;
  return goneQmp;
};

/**
 * See `Hypervisor.takeUp`. A machine that went meanwhile is one whose `ended` says how: its console can still be read to its
 * end.
 */
export const takeUpMachine = async (spec: MachineSpec, host: QemuHost, signal: AbortSignal): Promise<Machine> => {
  const { clock } = host;
  const files = machineFiles(spec.folder);
  const events = () => tailOf(files.told.path, mostEventBytes);
  const log = await events().catch((cause: unknown) => {
    throw new Fault('hypervisor_failed', `Nothing is left of the machine ${spec.name}.`, {}, { cause });
  });
  const slow = () => new Fault('hypervisor_failed', `QEMU did not answer within ${mostMsToAnswer / 1000} s.`);
  using deadline = clock.deadline(mostMsToAnswer, signal, slow);
  const exited = deferred<Exit>();
  const pids = await processesOf(spec.name, spec.folder, deadline.signal);
  const [pid = 0] = pids;
  const qemu = { pid, argv: [], exited: exited.promise };
  const watched = watchQemu(spec, qemu, pid === 0 ? 0 : await logEnd(files.log), host);
  const qmp = pid === 0 ? goneQmp : await openQmp(files.qmp, watched.onEvent, deadline.signal).catch(orGone);
  // What it told meanwhile, and before: to hear the same twice changes nothing.
  const told = pid === 0 ? log : await events();
  eventsIn(told).forEach(watched.onEvent);
  void qmp.closed
    .then(() => awaitGone(pids, 'QEMU', clock, never))
    .then(
      () => exited.resolve(unknown),
      () => exited.resolve(unknown),
    );
  const holder = await holderLeft(spec.folder, clock, deadline.signal);
  const line = await lineOf(spec, holder ?? (pid === 0 ? 'gone' : undefined), exited.promise, host);
  const sshPort = qmp === goneQmp ? 0 : await findSshPort(spec, qmp, clock, deadline.signal);
  return machineOver(spec, host, { qemu, watched, qmp, line, sshPort, run: () => Promise.resolve() });
};
