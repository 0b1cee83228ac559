/** Finds and ends the QEMU that an earlier run of the daemon left behind. */

import { readdir, readFile } from 'node:fs/promises';
import type { Clock } from '../clock.ts';
import { Fault } from '../fault.ts';
import { runProgram } from '../program.ts';
import { orAborted, retry } from '../waiting.ts';
import { machineFiles } from './qemu-files.ts';
import { removeTraces } from './qemu-machine.ts';
import { openQmp } from './qmp.ts';

const mostMsToQuit = 2_000;

type Process = { readonly pid: number; readonly command: string };

/** Linux: exact, without a program, and a zombie has no command line, as it holds nothing any more. */
const processesOfProc = async (): Promise<readonly Process[]> => {
  const pids = (await readdir('/proc')).filter((name) => /^[0-9]+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      try {
        const words = await readFile(`/proc/${pid}/cmdline`, 'utf8');
        return [{ pid: Number(pid), command: words.replaceAll('\0', ' ') }];
      } catch {
        return []; // it ended between the two reads
      }
    }),
  );
  return found.flat();
};

/** Everywhere else: ps(1), in the options that POSIX and the BSDs share. */
const processesOfPs = async (signal: AbortSignal): Promise<readonly Process[]> => {
  const { stdout } = await runProgram('ps', ['-axww', '-o', 'pid=,args='], { signal });
  return stdout.split('\n').flatMap((line) => {
    const [, pid, command] = /^\s*([0-9]+)\s+(.*)$/.exec(line) ?? [];
    return pid === undefined || command === undefined ? [] : [{ pid: Number(pid), command }];
  });
};

/**
 * The processes that are this machine. Its command line says so: its name, and the pidfile in its own folder. A pidfile
 * would not do, since a QEMU that has just begun has none yet, and a number in an old one may be a stranger's by now.
 */
const processesOf = async (name: string, folder: string, signal: AbortSignal): Promise<readonly number[]> => {
  const processes = process.platform === 'linux' ? await processesOfProc() : await processesOfPs(signal);
  const mark = [` -name ${name} `, ` -pidfile ${machineFiles(folder).pid} `];
  return processes.filter(({ command }) => mark.every((words) => command.includes(words))).map(({ pid }) => pid);
};

/** Over QMP, so that QEMU closes its disks as it should. Rejects when there is no QMP, or no quick answer. */
const quit = async (folder: string, clock: Clock, signal: AbortSignal): Promise<void> => {
  const slow = () => new Fault('hypervisor_unavailable', 'QEMU did not quit when it was told to.');
  using patience = clock.deadline(mostMsToQuit, signal, slow);
  await using qmp = await openQmp(machineFiles(folder).qmp, () => undefined, patience.signal);
  await qmp.execute('quit', {}, patience.signal);
  await orAborted(qmp.closed, patience.signal);
};

const kill = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    // It went by itself between our look and our blow.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
};

const stillThere = (pids: readonly number[]) =>
  new Fault('hypervisor_failed', `QEMU (process ${pids.join(', ')}) does not go.`, { pids });

/** See `Hypervisor.reap`. */
export const reapMachine = async (
  name: string,
  folder: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<boolean> => {
  const found = await processesOf(name, folder, signal);
  if (found.length > 0) {
    const hasQuit = await quit(folder, clock, signal).then(
      () => true,
      () => false,
    );
    signal.throwIfAborted();
    if (!hasQuit) for (const pid of await processesOf(name, folder, signal)) kill(pid);
    const beGone = async () => {
      const left = await processesOf(name, folder, signal);
      if (left.length > 0) throw stillThere(left);
    };
    // It is nobody's child here, and Node cannot wait for a stranger: so look until it has gone.
    const policy = { attempts: 200, firstMs: 2, growth: 1.3, mostMs: 50 };
    await retry(beGone, policy, (error) => error instanceof Fault, clock, signal);
  }
  await removeTraces(folder);
  return found.length > 0;
};
