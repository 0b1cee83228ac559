import { orAborted } from '../../../base/waiting.ts';
import { awaitGone, kill } from '../../end-processes.ts';
import { followLife, type Following } from '../../life.ts';
import { asksForOutgoing } from '../../nics.ts';
import type { MachineSpec } from '../../types.ts';
import { makeEventCount } from '../event-bound.ts';
import { hasExited, nextOfQemu, spawned, type QemuEffect, type QemuLife, type QemuObservation } from '../life.ts';
import { machineFiles } from '../names.ts';
import { endProcesses, processesOf } from './processes.ts';
import type { Qmp, QmpEvent } from '../qmp.ts';
import { removeTraces, type QemuHost, type SpawnedQemu } from './spawn.ts';
import { lastWords } from './words.ts';

const mostMsToQuit = 1_000;

// For what must come to its end whoever has lost interest.
const never = new AbortController().signal;

/** A QEMU process and its life. */
export type WatchedQemu = {
  readonly life: Following<QemuLife, QemuObservation>;
  /** Takes what the control socket tells. */
  readonly onEvent: (event: QmpEvent) => void;
  readonly onRebooted: (seen: () => void) => void;
  /** Settles when the process has ended; never rejects. */
  readonly exited: SpawnedQemu['exited'];
  readonly kill: () => void;
  /** Waits for the process to end, and kills it if it does not end by itself within a second. */
  readonly endSoon: () => SpawnedQemu['exited'];
  /** Ends it over its control socket, and by force if it does not heed that. Returns when it has ended. */
  readonly pullThePlug: (qmp: Qmp) => Promise<void>;
  /** Removes what it leaves, after it has gone: its network follows by itself, and this waits for it. */
  readonly tidy: () => Promise<void>;
};

const observed = ({ event, data, atMs }: QmpEvent): QemuObservation | undefined => {
  if (event === 'SHUTDOWN') return { saw: 'shutdown', reason: String(data['reason']) };
  if (event === 'RESET' && data['guest'] === true) return { saw: 'reset', atMs };
  // QEMU stops the processor there (werror=enospc, its default) until somebody makes room and lets it go on.
  if (event === 'BLOCK_IO_ERROR' && data['nospace'] === true && data['action'] === 'stop')
    return { saw: 'no-room', disk: String(data['node-name']) };
  return undefined;
};

/** Takes what the control socket tells, and sees to it that it has an end. */
const eventReader = ({ see }: WatchedQemu['life']): WatchedQemu['onEvent'] => {
  const areTooMany = makeEventCount();
  return (event) => {
    if (areTooMany(event)) see({ saw: 'flood' });
    const observation = observed(event);
    if (observation !== undefined) see(observation);
  };
};

/** The last that the QEMU of this machine printed, from `wordsFrom` of its log on; returns when its network has gone, too. */
const wordsAfter = async ({ name, folder, nics }: MachineSpec, wordsFrom: number, { clock }: QemuHost) => {
  // The log is for people: that it cannot be read must not hide that the machine has gone.
  const words = await lastWords(machineFiles(folder).log, wordsFrom).catch(() => '');
  // What connects an outgoing machine holds its disks open, as QEMU did, and goes by itself when QEMU has. One that does
  // not is killed by `tidy`, whose fault is told.
  if (asksForOutgoing(nics))
    await processesOf(name, folder, never)
      .then((left) => awaitGone(left, 'slirp4netns', clock, never))
      .catch(() => undefined);
  return words;
};

/** Watches a QEMU that was just spawned; its control socket is still to be opened. */
export const watchQemu = (
  spec: MachineSpec,
  qemu: Pick<SpawnedQemu, 'pid' | 'exited'>,
  wordsFrom: number,
  host: QemuHost,
): WatchedQemu => {
  const { clock } = host;
  const rebootWatchers: (() => void)[] = [];

  const cut = () => {
    // Until its exit has been seen the process is ours, dead or alive, and its number is nobody else's.
    if (!hasExited(life.now())) kill(qemu.pid);
  };
  const endSoon = async () => {
    using patience = clock.deadline(mostMsToQuit, never, () => new Error('QEMU has closed its socket but goes on'));
    patience.signal.addEventListener('abort', cut, { once: true });
    return await exited;
  };
  const acts: Readonly<Record<QemuEffect, () => void>> = {
    'tell-reboot': () => {
      for (const seen of rebootWatchers) seen();
    },
    kill: cut,
    'end-soon': () => void endSoon(),
    'read-last-words': () =>
      void wordsAfter(spec, wordsFrom, host).then((words) => life.see({ saw: 'last-words', words })),
  };
  const life = followLife<QemuLife, QemuObservation, QemuEffect>(spawned, nextOfQemu, (effect) => acts[effect]());
  const exited = qemu.exited.then((exit) => {
    life.see({ saw: 'exit', exit });
    return exit;
  });

  return {
    life,
    onEvent: eventReader(life),
    onRebooted: (seen) => void rebootWatchers.push(seen),
    exited,
    kill: cut,
    endSoon,
    pullThePlug: async (qmp) => {
      if (hasExited(life.now())) return;
      life.see({ saw: 'plug' });
      using patience = clock.deadline(mostMsToQuit, never, () => new Error('QEMU does not quit'));
      try {
        await qmp.execute('quit', {}, patience.signal);
        await orAborted(exited, patience.signal);
      } catch {
        cut(); // it hangs, or it has gone while we asked: either way it is gone after this
      }
    },
    tidy: async () => {
      if (asksForOutgoing(spec.nics)) await endProcesses(spec.name, spec.folder, clock, never);
      await removeTraces(spec.folder);
    },
  };
};
