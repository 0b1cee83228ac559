/** One machine of vmd's: started, watched as it goes, and stopped. `life.ts` says how it lives. */

import { cleanupStack } from '../../base/cleanup.ts';
import { Fault } from '../../base/fault.ts';
import { orAborted } from '../../base/waiting.ts';
import { heldLine, type HeldLine } from '../held/held-line.ts';
import { removeHeld, startHolder } from '../held/holder.ts';
import { followLife, type Following } from '../life.ts';
import type { Machine, MachineSpec } from '../types.ts';
import { addressesFrom, hostAddressOf } from './addresses.ts';
import { consoleArgv, endsAtReset, startArgv } from './argv.ts';
import { canBeAsked, isPresent, nextOfVm, startedVm, type VmEffect, type VmLife, type VmObservation } from './life.ts';
import { holdByCu, never, startVm, type VmdHost } from './start.ts';
import { isRunning, type StatusRow } from '../../base/machine/vmd-status.ts';
import { isDown, type VmdLook } from './watch.ts';

// vmd opens the disks and makes the machine's memory before it answers.
const mostMsToStart = 60_000;
const mostMsToConfigure = 20_000;

// What cu has read already is given out at once; a cu that does not end with its machine is not waited for.
const mostMsForLastWords = 5_000;

/** A machine as vmd shows it. */
export type Reached = {
  readonly row: Pick<StatusRow, 'id' | 'pid' | 'tty'>;
  /** The life of the vmd that has it, as in `Look`. */
  readonly vmd: string;
  /** Undefined: the machine has no network. */
  readonly hostIp: string | undefined;
};

/** Waits until vmd shows the machine, and has given its first interface an address. */
export const reach = async ({ name, nics }: MachineSpec, host: VmdHost, signal: AbortSignal): Promise<Reached> => {
  const { clock, watch, findTaps } = host;
  const vanished = () =>
    new Fault('hypervisor_failed', `vmd started ${name}, and then it was gone; vmd says more in /var/log/daemon.`);
  const { rows, life: vmd } = await watch.look(signal);
  const row = rows.get(name);
  if (!isRunning(row)) throw vanished();
  if (nics.length === 0) return { row, vmd, hostIp: undefined };
  const slow = () => new Fault('hypervisor_failed', `vmd gave ${name} no address within ${mostMsToConfigure / 1000} s: see "ifconfig tap"; only the first of /dev/tap0 and on that exist are used.`); // prettier-ignore
  using patience = clock.deadline(mostMsToConfigure, signal, slow);
  const gone = new AbortController();
  using looking = watch.onLook((look) => {
    if (!(look instanceof Fault) && !isRunning(look.rows.get(name))) gone.abort(vanished());
  });
  void looking;
  const alive = AbortSignal.any([patience.signal, gone.signal]);
  return { row, vmd, hostIp: await hostAddressOf({ id: row.id, name }, findTaps, clock, alive) };
};

/** What a look at vmd says of the machine; undefined when vmd could not be asked. */
const observed = (look: VmdLook | Fault, name: string, vmd: string): VmObservation | undefined => {
  if (look instanceof Fault) return isDown(look) ? { saw: 'absence', by: 'vmd-stopped' } : undefined;
  if (look.life !== vmd) return { saw: 'absence', by: 'vmd-restarted' };
  const row = look.rows.get(name);
  if (!isRunning(row)) return { saw: 'absence', by: 'itself' };
  return { saw: 'row', pid: row.pid, isStopping: row.state === 'stopping' };
};

/** Follows the machine until it has gone. `onRebooted` is told whenever its guest has reset itself and boots again. */
const followVm = (
  spec: MachineSpec,
  { row, vmd }: Reached,
  line: HeldLine,
  { watch, clock }: VmdHost,
  onRebooted: () => void,
): Following<VmLife, VmObservation> => {
  const hearLastWords = async () => {
    const now = life.now();
    const isOurs = now.is === 'gone' && now.departure.isOurs;
    looking[Symbol.dispose]();
    line.end();
    // Whoever pulled the plug may have stopped listening, and asks for no witness.
    using patience = clock.deadline(isOurs ? 0 : mostMsForLastWords, never, () => new Error('cu does not end'));
    await orAborted(line.ended, patience.signal).catch(() => line[Symbol.asyncDispose]());
    // They are for people and for the ending: that they cannot be read must not hide that the machine has gone.
    life.see({ saw: 'last-words', tail: await line.tail().catch(() => '') });
  };
  const acts: Readonly<Record<VmEffect, () => void>> = {
    'tell-reboot': onRebooted,
    'hear-last-words': () => void hearLastWords(),
  };
  const first = startedVm(row.pid, !endsAtReset(spec));
  const life = followLife<VmLife, VmObservation, VmEffect>(first, nextOfVm, (effect) => acts[effect]());
  const looking = watch.onLook((look) => {
    const observation = observed(look, spec.name, vmd);
    if (observation !== undefined) life.see(observation);
  });
  return life;
};

/** Once is enough: vmd sees to it that the machine goes, within 125 s at the latest. */
const askToShutDown = async (life: Following<VmLife, VmObservation>, ask: () => Promise<void>): Promise<void> => {
  if (!canBeAsked(life.now())) return;
  life.see({ saw: 'ask' });
  await ask().catch((error: unknown) => {
    life.see({ saw: 'refused' });
    throw error;
  });
};

/** Has the console of a machine held that runs. Throws `console_lent` while another program is attached, `console_closed`. */
const holdConsole = async ({ name, folder }: MachineSpec, { vmctl, clock }: VmdHost, signal: AbortSignal) => {
  const found = await startHolder(folder, holdByCu(vmctl, consoleArgv(name)), clock, signal);
  if (!('said' in found)) return found;
  const why = found.said.trim().replaceAll(/\s*\n\s*/g, '; ');
  throw /busy/i.test(why)
    ? new Fault('console_lent', `Another program holds the console of ${name}: ${why}.`)
    : new Fault('console_closed', `The console of ${name} could not be attached: ${why || 'vmctl said nothing'}.`);
};

/** The serial line of a machine; `holder` as `heldLine` has it. */
export const lineOf = (spec: MachineSpec, holder: Parameters<typeof heldLine>[0], host: VmdHost): Promise<HeldLine> =>
  heldLine(holder, {
    folder: spec.folder,
    clock: host.clock,
    again: (signal) => holdConsole(spec, host, signal),
    onGone: () =>
      void host.watch.look(never).then(
        () => undefined,
        () => undefined, // told to whoever watches
      ),
  });

/** Starts a machine; its processor runs already. Throws as `Hypervisor.start` does, and then leaves nothing behind. */
export const startMachine = async (asked: MachineSpec, host: VmdHost, signal: AbortSignal): Promise<Machine> => {
  const tooLong = () =>
    new Fault('hypervisor_failed', `vmd did not start ${asked.name} within ${mostMsToStart / 1000} s.`);
  using deadline = host.clock.deadline(mostMsToStart, signal, tooLong);
  const { spec, holder } = await startVm(asked, host, deadline.signal);
  const starting = cleanupStack();
  starting.defer(() => host.stopMachine(spec.name, never));
  try {
    const line = starting.keep(await lineOf(spec, holder, host));
    return machineOver(spec, host, line, await reach(spec, host, deadline.signal));
  } catch (error) {
    await starting[Symbol.asyncDispose]();
    throw error;
  }
};

/** The machine that vmd shows so. */
export const machineOver = (spec: MachineSpec, host: VmdHost, line: HeldLine, reached: Reached): Machine => {
  const { name } = spec;
  const { row } = reached;
  const rebootWatchers: (() => void)[] = [];
  const life = followVm(spec, reached, line, host, () => {
    for (const seen of rebootWatchers) seen();
  });
  const pullThePlug = async () => {
    if (isPresent(life.now())) {
      life.see({ saw: 'plug' });
      await host.stopMachine(name, never);
    }
    await life.ended;
  };
  let cutting: Promise<void> | undefined;
  const cut = () => (cutting ??= pullThePlug());

  return {
    name,
    // vmd's dhcp.c gives the guest the name of its machine.
    hostname: name,
    line,
    addresses: addressesFrom(reached.hostIp, host.endpointPort, spec.sshPort ?? 22),
    about: {
      program: 'vmctl',
      version: host.release,
      id: row.id,
      pid: row.pid,
      tty: row.tty,
      command: ['vmctl', ...startArgv(spec, host.templates)],
    },
    run: async () => undefined, // vmd has let it run since it answered
    ended: life.ended,
    onRebooted: (seen) => void rebootWatchers.push(seen),
    onLineGap: line.onGap,
    stop: (how, stopping) =>
      how === 'cut' ? orAborted(cut(), stopping) : askToShutDown(life, () => host.stopMachine.ask(name, stopping)),
    detachable: { command: ['vmctl', ...consoleArgv(name)], detach: line.detach, attach: line.attach },
    async [Symbol.asyncDispose]() {
      await cut();
      await line[Symbol.asyncDispose]();
      await removeHeld(spec.folder);
    },
  };
};
