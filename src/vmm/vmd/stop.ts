import type { Clock } from '../../base/clock.ts';
import { Fault } from '../../base/fault.ts';
import { runProgram } from '../../base/program.ts';
import { retry } from '../../base/waiting.ts';
import { stopArgv } from './argv.ts';
import { vmctlFault } from './faults.ts';
import { isRunning } from '../../base/machine/vmd-status.ts';
import { isDown, type Watch } from './watch.ts';

/**
 * Cuts a machine's power and waits until vmd has forgotten it: only then its name and its disks are free again. A
 * machine that is not there is no trouble. Throws `hypervisor_failed` when it does not go, or may not be stopped.
 */
export type StopMachine = ((name: string, signal: AbortSignal) => Promise<void>) & {
  /** Asks its guest to shut down, and does not wait. */
  readonly ask: (name: string, signal: AbortSignal) => Promise<void>;
};

// Gone, going, or never there (vmctl(8), stop): no reason to complain.
const isOver =
  /vm not found|cannot stop vm that is not running|failed: (Operation already in progress|Invalid argument)/;

// About half a minute: a process of vmd's that outlives its SIGKILL has been seen, and waiting longer would not help.
const untilGone = { attempts: 70, firstMs: 30, growth: 1.4, mostMs: 500 };

// The newest vmd sends SIGTERM at first, and SIGKILL 10 s later; whoever asks again meanwhile begins these anew (vmm.c 1.143).
const againAfterMs = 13_000;

export const machineStopper = (vmctl: string, watch: Watch, clock: Clock): StopMachine => {
  const stop = async (name: string, how: 'ask' | 'cut', signal: AbortSignal): Promise<void> => {
    const args = stopArgv(name, how);
    const { stderr, exitCode } = await runProgram(vmctl, args, { signal, accept: 'any' });
    if (exitCode === 0 || isOver.test(stderr)) return;
    const fault = vmctlFault(`Stopping ${name}`, stderr, { args, exitCode });
    // Without vmd there is no machine.
    if (!isDown(fault)) throw fault;
  };

  const cut = async (name: string, signal: AbortSignal): Promise<void> => {
    const staying = new Fault('hypervisor_failed', `${name} was ended with vmctl stop -f, but does not go.`);
    let toldAt = -Infinity;
    const look = async () => {
      if (clock.elapsed() - toldAt > againAfterMs) {
        await stop(name, 'cut', signal);
        toldAt = clock.elapsed();
      }
      if (isRunning((await watch.look(signal)).rows.get(name))) throw staying;
    };
    await retry(look, untilGone, (error) => error === staying, clock, signal).catch((error: unknown) => {
      if (!(error instanceof Fault && isDown(error))) throw error;
    });
  };
  return Object.assign(cut, { ask: (name: string, signal: AbortSignal) => stop(name, 'ask', signal) });
};
