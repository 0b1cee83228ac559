import { setMaxListeners } from 'node:events';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { Fault } from '../../base/fault.ts';
import type { MachineModel } from '../../base/hardware.ts';
import { knowsUnixSockets } from '../../base/machine/netcat.ts';
import { checkProgram, runProgram } from '../../base/program.ts';
import { orAborted } from '../../base/waiting.ts';
import { asksForOutgoing, mostNics } from '../nics.ts';
import type { Accelerator } from './argv.ts';
import { makeQemuDisks } from './disks.ts';
import { firmwareFiles } from './firmware.ts';
import { takeInventory, versionOf, type Inventory } from './probe/inventory.ts';
import { compressMemory } from './keep/memory-out.ts';
import { machineShapeKey } from './keep/shape-key.ts';
import { startMachine } from './machine.ts';
import { mostSlots, networkNumberOf } from './network.ts';
import { whyNoOutgoing } from './outgoing/check.ts';
import { probe } from './probe/probe.ts';
import { reapWork } from './process/processes.ts';
import { reapMachine } from './process/reap.ts';
import { mostDisks, refuseForQemu } from './refuse.ts';
import type { QemuHost } from './process/spawn.ts';
import { takeUpMachine } from './take-up.ts';
import { findUser, type QemuUser } from './process/user.ts';
import { keptFiles, type Hypervisor, type MachineSpec } from '../types.ts';

export type QemuOptions = {
  readonly binary: string;
  readonly qemuImg: string;
  /** One that knows `-U` and `-N`, as OpenBSD's does. */
  readonly netcat: string;
  readonly accelerator: 'auto' | Accelerator;
  /** Templates may ask for the network outside: what the host itself reaches, but for its loopback. */
  readonly allowsOutgoing: boolean;
  /** Who QEMU runs as where imaged is root on Linux; undefined: a user of its own for each slot. */
  readonly user?: string | number;
  /** Where the probe's guest has its disk for a moment. */
  readonly folder: string;
  readonly clock: Clock;
  /** The life of the daemon: it ends what is asked of QEMU once for all. */
  readonly signal: AbortSignal;
  /** For the log: what was found about this host; `warn` where something does not work that is there or was asked for. */
  readonly onNote: (note: string, level: 'info' | 'warn') => void;
};

type Known = {
  readonly inventory: Inventory;
  readonly user: QemuUser | undefined;
  readonly accelerators: readonly Accelerator[];
  readonly noOutgoing: string | undefined;
  readonly notes: readonly string[];
};

const mostMsToAnswer = 30_000;

// Half of what a machine of ours may have: a build lays its own over them. Each is looked through for what was never written.
const mostKept = 8;

const notAllowed = 'the configuration of this host does not set allow_outgoing. Use "local", or have it set';

const outgoingNote = (noOutgoing: string | undefined): string =>
  noOutgoing === undefined
    ? 'Templates may ask for outgoing network: such a guest reaches what this host reaches, other addresses of the host among it, but nothing of its loopback.'
    : `Templates cannot have outgoing network, though allow_outgoing is set: ${noOutgoing}.`;

/** Other netcats have no Unix sockets, and guests would find their endpoint dead: better told now. */
const checkNetcat = async (netcat: string, signal: AbortSignal): Promise<void> => {
  const { stdout, stderr } = await runProgram(netcat, ['-h'], { signal, accept: 'any' });
  if (!knowsUnixSockets(stdout + stderr))
    throw new Fault('program_missing', `${netcat} does not know -U (Unix sockets). Install OpenBSD's netcat.`, {
      program: netcat,
    });
};

/** They may have gone since they were asked: a package that is being upgraded, say. */
const checkPrograms = async (programs: readonly string[]): Promise<void> => {
  for (const program of programs) await checkProgram(program);
};

/** Asks the programs something, for so long as a person would wait. */
const asking = async <T>(
  { binary, clock, ...options }: QemuOptions,
  ask: (signal: AbortSignal) => Promise<T>,
): Promise<T> => {
  const seconds = mostMsToAnswer / 1000;
  const tooLong = () =>
    new Fault('hypervisor_unavailable', `${binary} did not say what it can do within ${seconds} s.`);
  using deadline = clock.deadline(mostMsToAnswer, options.signal, tooLong);
  setMaxListeners(50, deadline.signal); // a program listens more than once, and several run at a time
  return await ask(deadline.signal); // the deadline goes with this block
};

/** Whether machines can be started at all, quickly. */
const askVersion = (options: QemuOptions): Promise<string> =>
  asking(options, async (signal) => {
    const [version] = await Promise.all([versionOf(options.binary, signal), checkNetcat(options.netcat, signal)]);
    return version;
  });

const lookAround = async (inventory: Inventory, options: QemuOptions): Promise<Known> => {
  const { binary, accelerator, folder, clock, signal, onNote, allowsOutgoing } = options;
  const user = await asking(options, (deadline) => findUser(options.user, binary, deadline));
  const noOutgoing = allowsOutgoing ? await whyNoOutgoing(folder, user, clock, signal) : notAllowed;
  const notes: string[] = [];
  const note = (text: string, level: 'info' | 'warn') => {
    notes.push(text);
    onNote(text, level);
  };
  if (allowsOutgoing) note(outgoingNote(noOutgoing), noOutgoing === undefined ? 'info' : 'warn');
  const accelerators: Accelerator[] = [];
  // The quickest first. TCG is QEMU itself: what it cannot run, nothing can, and the build will say so.
  for (const candidate of accelerator === 'auto' ? (['kvm', 'hvf'] as const) : [accelerator]) {
    if (candidate === 'tcg' || !inventory.accelerators.includes(candidate)) continue;
    const verdict = await probe(binary, candidate, folder, user, clock, signal);
    if (verdict.runs) accelerators.push(candidate);
    else note(`${candidate} is there, but no guest runs under it: ${verdict.why}.`, 'warn');
  }
  if (inventory.accelerators.includes('tcg')) accelerators.push('tcg');
  return { inventory, user, accelerators, noOutgoing, notes };
};

/** What is asked once and kept; after a failure it is asked again, as QEMU may be installed by the next time. */
const once = <T>(ask: () => Promise<T>): (() => Promise<T>) => {
  let asked: Promise<T> | undefined;
  return () =>
    (asked ??= ask().catch((error: unknown) => {
      asked = undefined;
      throw error;
    }));
};

const choose = (
  { accelerator, icount }: MachineModel,
  configured: QemuOptions['accelerator'],
  works: readonly Accelerator[],
): Accelerator => {
  if (accelerator === 'none' || icount !== undefined) return 'tcg';
  const asked = accelerator ?? configured;
  if (asked === 'auto') return works[0] ?? 'tcg';
  if (works.includes(asked)) return asked;
  throw new Fault('hypervisor_failed', `No guest runs under ${asked} on this host.`, { accelerators: works });
};

/** What this host gives the machine. Throws `hypervisor_failed` where it cannot have what it asks for. */
const hostOf = (
  { nics, model }: MachineSpec,
  { inventory, user, accelerators, noOutgoing }: Known,
  { binary, netcat, clock, ...options }: QemuOptions,
  createDisk: Hypervisor['createDisk'],
): QemuHost => {
  if (asksForOutgoing(nics) && noOutgoing !== undefined)
    throw new Fault('hypervisor_failed', `The machine asks for outgoing network, and ${noOutgoing}.`);
  const accelerator = choose(model, options.accelerator, accelerators);
  const { canSandbox } = inventory;
  return { binary, inventory, user, netcat, clock, canSandbox, accelerator, createDisk };
};

/** What starts machines, goes on with them, and says which of them may go on from another's memory. */
const machinesOf = (
  options: QemuOptions,
  look: () => Promise<Known>,
  { createDisk }: Pick<Hypervisor, 'createDisk'>,
): Pick<Hypervisor, 'start' | 'takeUp' | 'shapeKey'> => {
  const hostFor = async (spec: MachineSpec, signal: AbortSignal) =>
    hostOf(spec, await orAborted(look(), signal), options, createDisk);
  return {
    start: async (spec, signal) => {
      for (const number of [spec.slot, networkNumberOf(spec)])
        if (number >= mostSlots)
          throw new Fault('hypervisor_failed', `Slot ${number} has no network: there are ${mostSlots}.`);
      return startMachine(spec, await hostFor(spec, signal), signal);
    },

    takeUp: async (spec, signal) => takeUpMachine(spec, await hostFor(spec, signal), signal),

    shapeKey: async (machine, signal) => {
      const { inventory, accelerators } = await orAborted(look(), signal);
      const accelerator = choose(machine.model, options.accelerator, accelerators);
      return machineShapeKey(machine, inventory, accelerator, cpus()[0]?.model ?? 'unknown');
    },
  };
};

/** QEMU as a hypervisor, on any host that has it. Nothing is asked of it before `facts` or `start`. */
export const makeQemu = (options: QemuOptions): Hypervisor => {
  const { binary, qemuImg, netcat, clock, allowsOutgoing } = options;
  let inventory: Inventory | undefined;
  let known: Known | undefined;
  const version = once(() => askVersion(options));
  const stock = once(async () => {
    const number = await version();
    return (inventory = await asking(options, (signal) => takeInventory(binary, number, signal)));
  });
  const look = once(async () => (known = await lookAround(await stock(), options)));
  const disks = makeQemuDisks(qemuImg);

  return {
    // A restricted user network names nothing.
    lease: { router: false, dns: false, hostname: false },

    firmware: firmwareFiles,

    displays: ['vga'],

    version: async (signal) => {
      await checkPrograms([binary, qemuImg, netcat]);
      return orAborted(version(), signal);
    },

    facts: async (signal) => {
      const { inventory, accelerators, notes } = await orAborted(look(), signal);
      return {
        name: 'qemu',
        version: inventory.version,
        accelerators,
        formats: ['raw', 'qcow2'],
        limits: { memoryMb: Math.floor(totalmem() / 1024 / 1024), disks: mostDisks, nics: mostNics },
        notes,
      };
    },

    refuse: async (shape) => {
      const noOutgoing = allowsOutgoing ? known?.noOutgoing : notAllowed;
      return refuseForQemu(shape, { inventory, accelerators: known?.accelerators, noOutgoing });
    },

    chains: { most: mostKept, over: ['raw', 'qcow2'] },

    ...disks,

    ...machinesOf(options, look, disks),

    finishKept: (folder, signal) => compressMemory(join(folder, keptFiles.memory), signal),

    // Many daemons may run machines of these names on one host; only the folder tells whose they are.
    strays: async () => [],

    reap: (name, folder, signal) => reapMachine(name, folder, clock, signal),

    reapWork: (folder, signal) => reapWork(qemuImg, folder, clock, signal),
  };
};
