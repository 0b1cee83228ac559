/** One running machine of vmd's: started, watched as it goes, and stopped. */

import { setMaxListeners } from 'node:events';
import type { Clock } from '../../base/clock.ts';
import { cleanupStack } from '../../base/cleanup.ts';
import { Fault } from '../../base/fault.ts';
import { orAborted, retry, deferred } from '../../base/waiting.ts';
import type { VmdTraits } from '../../base/openbsd/releases.ts';
import { attachCu, type Attached } from './cu-attach.ts';
import { cuLine } from './cu-line.ts';
import type { Machine, MachineSpec } from '../types.ts';
import { addressesFrom, hostAddressOf, type FindTaps } from './addresses.ts';
import { startArgv, type Templates } from './argv.ts';
import { endingOfVm, type Departure } from './ending.ts';
import { passesByItself, vmctlFault } from './faults.ts';
import { freeName, ofSlot } from './names.ts';
import { perUserWords } from './releases.ts';
import { isUp } from './status.ts';
import type { StopMachine } from './stop.ts';
import { isDown, type Look, type Watch } from './watch.ts';
import { whyUnusable } from './image.ts';
import { linkMedia } from './links.ts';

export type VmctlHost = {
  readonly vmctl: string;
  readonly release: string;
  readonly traits: VmdTraits;
  readonly templates: Templates;
  readonly endpointPort: number;
  readonly clock: Clock;
  readonly watch: Watch;
  readonly findTaps: FindTaps;
  readonly stopMachine: StopMachine;
};

// vmd opens the disks and makes the machine's memory before it answers.
const mostMsToStart = 60_000;
const mostMsToConfigure = 20_000;

// The machine that had the slot before, or its process with the lock on the disk, may be there for another moment.
const untilFree = { attempts: 8, firstMs: 100, growth: 1.8, mostMs: 1_500 };

// What cu has read already is given out at once; a cu that does not end with its machine is not waited for.
const mostMsForLastWords = 2_000;

const never = new AbortController().signal;
setMaxListeners(0, never); // each machine that goes listens for a moment

const startOnce = async (spec: MachineSpec, host: VmctlHost, signal: AbortSignal): Promise<Attached> => {
  const args = startArgv(spec, host.templates);
  const found = await attachCu(host.vmctl, args, host.clock, signal);
  if ('pty' in found) return found;
  const { exitCode } = found.exit;
  if (exitCode === 127 || (exitCode === 1 && found.said.trim() === ''))
    throw new Fault('program_missing', `${host.vmctl} could not be run. Say where it is in the configuration.`, {
      program: host.vmctl,
    });
  const facts = { args, ...(exitCode === undefined ? {} : { exitCode }) };
  throw vmctlFault(`Starting ${spec.name}`, found.said, facts, perUserWords(host.traits));
};

const checkDisks = async ({ disks }: MachineSpec, signal: AbortSignal): Promise<void> => {
  for (const disk of disks) {
    const why = await whyUnusable(disk, { looksInside: false }, signal);
    if (why !== undefined) throw new Fault('disk_failed', `The disk ${disk.path} ${why}.`, { path: disk.path });
  }
};

/** Starts a machine; its processor runs already. Throws as `Hypervisor.start` does, and then leaves nothing behind. */
export const startVmctlMachine = async (asked: MachineSpec, host: VmctlHost, signal: AbortSignal): Promise<Machine> => {
  const { clock, watch, stopMachine } = host;
  await checkDisks(asked, signal);

  const tooLong = () =>
    new Fault('hypervisor_failed', `vmd did not start ${asked.name} within ${mostMsToStart / 1000} s.`);
  using deadline = clock.deadline(mostMsToStart, signal, tooLong);
  // The names are ours: who has them was left behind when vmd could not be asked.
  const before = await watch.look(deadline.signal);
  const left = ofSlot(asked.name, before.rows);
  for (const one of left) await stopMachine(one, deadline.signal);
  const { rows: free } = left.length === 0 ? before : await watch.look(deadline.signal);
  const name = freeName(asked.name, free);
  const spec = await linkMedia({ ...asked, name });
  const starting = cleanupStack();
  const attached = await retry(
    () => startOnce(spec, host, deadline.signal),
    untilFree,
    passesByItself,
    clock,
    deadline.signal,
  ).catch(async (error: unknown) => {
    // vmd may have begun what nobody waits for any more. A name that was refused may be another machine's.
    if (deadline.signal.aborted) await stopMachine(name, never);
    throw error;
  });
  starting.defer(() => stopMachine(name, never));
  const line = starting.keep(
    cuLine(attached, {
      vmctl: host.vmctl,
      name,
      clock,
      onDetached: () => {
        watch.look(never).then(
          () => undefined,
          () => undefined, // told to whoever watches
        );
      },
    }),
  );

  const vanished = () =>
    new Fault('hypervisor_failed', `vmd started ${name}, and then it was gone; vmd says more in /var/log/daemon.`);
  const reach = async () => {
    const { rows, life } = await watch.look(deadline.signal);
    const row = rows.get(name);
    if (!isUp(row)) throw vanished();
    if (spec.nics.length === 0) return { row, life, hostIp: undefined };
    const slow = () => new Fault('hypervisor_failed', `vmd gave ${name} no address within ${mostMsToConfigure / 1000} s: see "ifconfig tap"; only the first of /dev/tap0 and on that exist are used.`); // prettier-ignore
    using patience = clock.deadline(mostMsToConfigure, deadline.signal, slow);
    const gone = new AbortController();
    using looking = watch.onLook((look) => {
      if (!(look instanceof Fault) && !isUp(look.rows.get(name))) gone.abort(vanished());
    });
    void looking;
    const alive = AbortSignal.any([patience.signal, gone.signal]);
    return { row, life, hostIp: await hostAddressOf({ id: row.id, name }, host.findTaps, clock, alive) };
  };
  const { row, life, hostIp } = await reach().catch(async (error: unknown) => {
    await starting[Symbol.asyncDispose]();
    throw error;
  });

  const rebootWatchers: (() => void)[] = [];
  const gone = deferred<Departure['by']>();
  let hasGone = false;
  let isOurs = false;
  let wasAsked = false;
  let wasStopping = false;
  let pid = row.pid;
  const leave = (by: Departure['by']) => {
    hasGone = true;
    gone.resolve(by);
  };
  const see = (look: Look | Fault) => {
    if (look instanceof Fault) {
      if (isDown(look)) leave('vmd-stopped');
      return;
    }
    if (look.life !== life) return leave('vmd-restarted');
    const now = look.rows.get(name);
    if (!isUp(now)) return leave('itself');
    if (now.state === 'stopping' && !wasAsked && !isOurs) wasStopping = true;
    if (now.pid !== undefined && now.pid !== pid) {
      pid = now.pid;
      for (const seen of rebootWatchers) seen();
    }
  };
  const looking = watch.onLook(see);

  const depart = async () => {
    const by = await gone.promise;
    looking[Symbol.dispose]();
    line.end();
    // Whoever pulled the plug may have stopped listening, and asks for no witness.
    using patience = clock.deadline(isOurs ? 0 : mostMsForLastWords, never, () => new Error('cu does not end'));
    await orAborted(line.ended, patience.signal).catch(() => line[Symbol.asyncDispose]());
    const isRestarted = !startArgv(spec, host.templates).includes('-B');
    return endingOfVm({ by, isOurs, wasAsked, isRestarted, wasStopping, tail: line.tail() });
  };
  const ended = depart();

  let cutting: Promise<void> | undefined;
  const pullThePlug = async () => {
    isOurs = true;
    await stopMachine(name, never);
    await ended;
  };
  const cut = () => (cutting ??= hasGone ? ended.then(() => undefined) : pullThePlug());

  return {
    name,
    line,
    addresses: addressesFrom(hostIp, host.endpointPort, spec.sshPort ?? 22),
    about: {
      program: 'vmctl',
      version: host.release,
      id: row.id,
      pid: row.pid,
      tty: attached.tty,
      command: ['vmctl', ...startArgv(spec, host.templates)],
    },
    // vmd has let it run since it answered.
    run: async () => undefined,
    ended,
    onRebooted: (seen) => void rebootWatchers.push(seen),
    stop: async (how, stopping) => {
      if (how === 'cut') return orAborted(cut(), stopping);
      // Once is enough: vmd sees to it that the machine goes, within 125 s at the latest.
      if (wasAsked || hasGone) return;
      wasAsked = true;
      await stopMachine.ask(name, stopping).catch((error: unknown) => {
        wasAsked = false;
        throw error;
      });
    },
    lending: line.lending,
    async [Symbol.asyncDispose]() {
      await cut();
      await line[Symbol.asyncDispose]();
    },
  };
};
