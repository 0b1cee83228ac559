/** Has vmd start a machine: under a name that is free, with its files checked, on its console from the first byte on. */

import { setMaxListeners } from 'node:events';
import type { Clock } from '../../base/clock.ts';
import { Fault } from '../../base/fault.ts';
import { retry } from '../../base/waiting.ts';
import { removeHeld, startHolder, type Holder } from '../held/holder.ts';
import type { MachineSpec } from '../types.ts';
import type { FindTaps } from './addresses.ts';
import { startArgv, type Templates } from './argv.ts';
import { isTransient, vmctlFault } from './faults.ts';
import { whyUnusable } from './image.ts';
import { linkMedia } from './links.ts';
import { freeName, ofSlot } from './names.ts';
import type { VmdTraits } from '../../base/openbsd/releases.ts';
import { perUserWords } from './releases.ts';
import type { StopMachine } from './stop.ts';
import type { Watch } from './watch.ts';

export type VmdHost = {
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

/** A machine that vmd has just started: `spec` has the name that it got, and the links to its files. */
export type StartedVm = { readonly spec: MachineSpec; readonly holder: Holder };

// The machine that had the slot before, or its process with the lock on the disk, may be there for another moment.
const untilFree = { attempts: 8, firstMs: 100, growth: 1.8, mostMs: 1_500 };

/** For what must come to its end whoever has lost interest. */
export const never = new AbortController().signal;
setMaxListeners(0, never); // each machine that goes listens for a moment

/** The holder's command line: it runs vmctl, which becomes cu(1) on the machine's tty. */
export const holdByCu = (vmctl: string, args: readonly string[]) => ({ words: ['cu', vmctl, ...args] });

const startOnce = async (spec: MachineSpec, host: VmdHost, signal: AbortSignal): Promise<Holder> => {
  const args = startArgv(spec, host.templates);
  const found = await startHolder(spec.folder, holdByCu(host.vmctl, args), host.clock, signal);
  if (!('said' in found)) return found;
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

/** The name for the machine, after those that were left behind under the names of its slot have been stopped. */
const takeName = async (slotName: string, { watch, stopMachine }: VmdHost, signal: AbortSignal): Promise<string> => {
  // The names are ours: who has them was left behind when vmd could not be asked.
  const before = await watch.look(signal);
  const left = ofSlot(slotName, before.rows);
  for (const one of left) await stopMachine(one, signal);
  const { rows: free } = left.length === 0 ? before : await watch.look(signal);
  return freeName(slotName, free);
};

/** Throws as `Hypervisor.start` does; then no machine is left. */
export const startVm = async (asked: MachineSpec, host: VmdHost, signal: AbortSignal): Promise<StartedVm> => {
  await checkDisks(asked, signal);
  const name = await takeName(asked.name, host, signal);
  const spec = await linkMedia({ ...asked, name });
  await removeHeld(spec.folder);
  const start = () => startOnce(spec, host, signal);
  const holder = await retry(start, untilFree, isTransient, host.clock, signal).catch(async (error: unknown) => {
    // vmd may have begun what nobody waits for any more. A name that was refused may be another machine's.
    if (signal.aborted) await host.stopMachine(name, never);
    throw error;
  });
  return { spec, holder };
};
