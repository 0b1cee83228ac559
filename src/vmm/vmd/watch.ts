import { stat } from 'node:fs/promises';
import type { Clock } from '../../base/clock.ts';
import { asFault, Fault } from '../../base/fault.ts';
import { runProgram } from '../../base/program.ts';
import { sharedAsk } from './shared-ask.ts';
import { vmctlFault } from './faults.ts';
import { readStatus, statusArgv, vmdIsAway, type StatusRow } from '../../base/machine/vmd-status.ts';

/** What vmd said when it was asked. */
export type VmdLook = {
  readonly rows: ReadonlyMap<string, StatusRow>;
  /** Names this life of vmd: another one after each start of it, which ends every machine. */
  readonly life: string;
};

/** Knows which machines vmd has: one `vmctl status` serves everybody, however many machines there are. */
export type Watch = {
  /** Asks vmd. Throws `hypervisor_unavailable`, `program_missing`. */
  readonly look: (signal: AbortSignal) => Promise<VmdLook>;
  /** What was said last if that is not older than `mostMs`, else what vmd says now. */
  readonly recent: (mostMs: number, signal: AbortSignal) => Promise<VmdLook>;
  /** Tells `seen` of every look there is from now on, failed ones too; meanwhile there is one every two seconds. */
  readonly onLook: (seen: (look: VmdLook | Fault) => void) => Disposable;
};

const everyMs = 2_000;
const apartMs = 150;
const mostMsToAnswer = 15_000;

/** That vmd does not run, and so no machine does: not merely that it could not be asked. */
export const isDown = (fault: Fault): boolean =>
  fault.code === 'hypervisor_unavailable' && vmdIsAway.test(fault.facts.stderr ?? '');

// A socket is bound anew whenever vmd starts, and never written to as a file.
const lifeOf = async (socket: string): Promise<string> => {
  try {
    const { ino, mtimeMs } = await stat(socket);
    return `${ino}:${mtimeMs}`;
  } catch {
    // Its folder may be closed to this user; then a restart is seen by the machines that are gone.
    return '';
  }
};

type WatchParts = {
  readonly vmctl: string;
  readonly socket: string;
  readonly clock: Clock;
  /** The life of the daemon. */
  readonly life: AbortSignal;
};

// A vmctl without a table and without words, one that was killed say, tells nothing of any machine.
const unanswered = (said: string, exitCode: number): Fault =>
  said === ''
    ? new Fault('hypervisor_unavailable', 'vmctl gave no list of machines, and said nothing.', { exitCode })
    : vmctlFault('Asking vmd for its machines', said, { args: statusArgv, exitCode });

/** Asks vmd for its machines, and says when it was asked. Throws `hypervisor_unavailable`, `program_missing`. */
const askVmd = async ({
  vmctl,
  socket,
  clock,
  life,
}: WatchParts): Promise<{ readonly look: VmdLook; readonly at: number }> => {
  const silent = () => new Fault('hypervisor_unavailable', `vmd(8) did not answer within ${mostMsToAnswer / 1000} s.`);
  using patience = clock.deadline(mostMsToAnswer, life, silent);
  for (;;) {
    const id = await lifeOf(socket);
    const at = clock.elapsed();
    const { signal } = patience;
    const ran = await runProgram(vmctl, statusArgv, { signal, accept: 'any' });
    const reply = readStatus(ran);
    if (reply.is !== 'answering') throw unanswered(reply.said, ran.exitCode);
    // A vmd that was started meanwhile may have answered: its rows are not those of the life before.
    if ((await lifeOf(socket)) === id) return { look: { rows: reply.rows, life: id }, at };
  }
};

export const watchVmd = (parts: WatchParts): Watch => {
  const { clock, life } = parts;
  const watchers = new Set<(look: VmdLook | Fault) => void>();
  let last: { readonly look: VmdLook; readonly at: number } | undefined;
  let ticking: Disposable | undefined;

  const ask = async (): Promise<VmdLook> => {
    try {
      last = await askVmd(parts);
      for (const seen of [...watchers]) seen(last.look);
      return last.look;
    } catch (error) {
      const fault = asFault(error);
      for (const seen of [...watchers]) seen(fault);
      throw fault;
    }
  };
  const look = sharedAsk(ask, apartMs, clock, life);
  const tick = () => {
    look(life).then(
      () => undefined,
      () => undefined, // told to the watchers
    );
  };

  return {
    look,
    recent: (mostMs, signal) =>
      last !== undefined && clock.elapsed() - last.at <= mostMs ? Promise.resolve(last.look) : look(signal),
    onLook: (seen) => {
      watchers.add(seen);
      ticking ??= clock.every(everyMs, tick);
      return {
        [Symbol.dispose]: () => {
          watchers.delete(seen);
          if (watchers.size > 0) return;
          ticking?.[Symbol.dispose]();
          ticking = undefined;
        },
      };
    },
  };
};
