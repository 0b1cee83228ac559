import { setMaxListeners } from 'node:events';
import { release as systemRelease } from 'node:os';
import type { Clock } from '../../base/clock.ts';
import { Fault } from '../../base/fault.ts';
import { mostNics } from '../nics.ts';
import { processesWith } from '../processes.ts';
import { endAll } from '../end-processes.ts';
import type { Hypervisor } from '../types.ts';
import { tapFinder } from './addresses.ts';
import type { Templates } from './argv.ts';
import { mostCpusAsker } from './cpus.ts';
import { makeVmdDisks } from './disks.ts';
import { mostLayersOfBase } from './image.ts';
import { endHolders, removeHeld } from '../held/holder.ts';
import { startMachine } from './machine.ts';
import { ofSlot, oursIn, slotNameOf } from './names.ts';
import { mostDisks, refuseForVmd } from './refuse.ts';
import { perUserWords, traitsOf } from './releases.ts';
import { machineStopper } from './stop.ts';
import { takeUpMachine } from './take-up.ts';
import { watchVmd, type VmdLook, type Watch } from './watch.ts';

export type VmdOptions = {
  readonly vmctl: string;
  readonly ifconfig: string;
  readonly socket: string;
  /** Of OpenBSD: "7.7"; "auto" is that of this host. */
  readonly release: string;
  readonly templates: Templates;
  /** Where every machine's endpoint listens, on the host's end of its own tap. */
  readonly endpointPort: number;
  readonly allowsOutgoing: boolean;
  readonly clock: Clock;
  /** The life of the daemon. */
  readonly signal: AbortSignal;
};

// The BIOS of its machines, as fw_update(8) brings it (vmd(8), FILES).
const biosFile = '/etc/firmware/vmm-bios';

// What is asked for a probe may be so old.
const recentMs = 2_000;

const notAllowed = 'the configuration of this host does not set allow_outgoing. Use "local", or have it set';

/** What vmd has; nothing when it cannot be asked: `start` looks again. */
const rowsNow = async (watch: Watch, signal: AbortSignal): Promise<VmdLook['rows']> => {
  try {
    return (await watch.look(signal)).rows;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Fault && ['hypervisor_unavailable', 'program_missing'].includes(error.code)) return new Map();
    throw error;
  }
};

/**
 * vmd(8) as a hypervisor, through vmctl(8) alone: as a user who is not root, by the instances that vm.conf(5) allows.
 * Nothing of vmd's own numbers is kept, for a restart of vmd gives them to other machines: a machine is its name.
 */
export const makeVmd = (options: VmdOptions): Hypervisor => {
  const { vmctl, ifconfig, socket, templates, endpointPort, allowsOutgoing, clock, signal: life } = options;
  setMaxListeners(0, life); // every program that is asked for all listens to it
  const release = options.release === 'auto' ? systemRelease() : options.release;
  const traits = traitsOf(release);
  const watch = watchVmd({ vmctl, socket, clock, life });
  const stopMachine = machineStopper(vmctl, watch, clock);
  const askMostCpus = mostCpusAsker(vmctl, traits);
  const noOutgoing = allowsOutgoing ? undefined : notAllowed;
  const findTaps = tapFinder(ifconfig, clock, life);
  const host = { vmctl, release, traits, templates, endpointPort, clock, watch, findTaps, stopMachine };

  return {
    // Both are the host's end of its tap, whatever answers there; with "-B net" it tells the machine's name (vmd's dhcp.c).
    lease: { router: true, dns: true, hostname: true },

    firmware: [biosFile],
    displays: [],

    version: async (signal) => {
      await watch.recent(recentMs, signal);
      return release;
    },

    facts: async (signal) => {
      await watch.recent(recentMs, signal);
      const limits = { memoryMb: traits.mostMemoryMb, disks: mostDisks, nics: mostNics };
      const notes = [perUserWords(traits)].filter((note) => note !== '');
      return { name: 'vmd', version: release, accelerators: ['vmm'], formats: ['raw', 'qcow2'], limits, notes };
    },

    refuse: (shape, signal) =>
      refuseForVmd(shape, traits, { noOutgoing, askMostCpus, switches: templates.switches }, signal),

    chains: { most: mostLayersOfBase, over: ['qcow2'] },

    ...makeVmdDisks(vmctl),

    start: (spec, signal) => startMachine(spec, host, signal),

    takeUp: (spec, signal) => takeUpMachine(spec, host, signal),

    strays: async (signal) => [...new Set(oursIn(await rowsNow(watch, signal)).map(slotNameOf))],

    reap: async (slotName, folder, signal) => {
      // First, for one of them may be about to have its machine started.
      await endHolders(folder, clock, signal);
      const left = ofSlot(slotName, await rowsNow(watch, signal));
      for (const name of left) await stopMachine(name, signal);
      await removeHeld(folder);
      return left.length > 0;
    },

    reapWork: async (folder, signal) => {
      const found = await processesWith([`${vmctl} create `, `:${folder}/`], signal);
      await endAll(found, vmctl, clock, signal);
      return found.length;
    },
  };
};
