import { chmod, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, loadavg } from 'node:os';
import { basename, join } from 'node:path';
import type { Clock } from '../../../base/clock.ts';
import { cleanupStack } from '../../../base/cleanup.ts';
import { asFault, Fault } from '../../../base/fault.ts';
import { runProgram } from '../../../base/program.ts';
import { markedId, type Accelerator } from '../argv.ts';
import { markOf } from '../names.ts';
import { patienceMs } from './patience.ts';
import { probeImage, probeWord } from './probe-sector.ts';
import { makeTrialFolder } from './trial-folder.ts';
import { giveTo, lowered, type QemuUser } from '../process/user.ts';

/** Whether a guest runs under an accelerator; if not, why, for people, in part of a line. */
export type Verdict = { readonly runs: true } | { readonly runs: false; readonly why: string };

/** QEMU says much about what it lacks, and the reason first. */
const inShort = (message: string): string => (message.split('\n', 1)[0] ?? '').slice(0, 200).replace(/\.$/, '');

/**
 * Boots a guest of one sector under the accelerator and believes only what the guest says: a device that opens, or a
 * QEMU that starts, proves nothing. `folder` holds the guest's disk meanwhile; QEMU runs as the user that machines' run as.
 */
export const probe = async (
  binary: string,
  accelerator: Accelerator,
  folder: string,
  user: QemuUser | undefined,
  clock: Clock,
  signal: AbortSignal,
): Promise<Verdict> => {
  await using left = cleanupStack();
  const own = await makeTrialFolder(folder, 'probe');
  left.defer(() => rm(own, { recursive: true, force: true }));
  const image = join(own, 'probe.raw');
  await writeFile(image, probeImage());
  await chmod(image, 0o444);
  await giveTo(own, user, 0);

  // What is found here holds for as long as the daemon runs, and a busy host is quiet again by then.
  const mostMs = patienceMs(loadavg()[0] ?? 0, availableParallelism());
  const late = new Fault('step_timeout', `a small guest was not done within ${mostMs / 1000} s`);
  using deadline = clock.deadline(mostMs, signal, () => late);
  const mark = markedId(markOf(own));
  const argv = [
    // As a machine's: a guest that hangs outlives a daemon that is killed, and the next one finds it by these.
    ...['-name', basename(own), '-chardev', `null,id=${mark}`, '-mon', `chardev=${mark},mode=control`],
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-machine', 'q35', '-m', '32M'],
    ...['-accel', accelerator, '-cpu', accelerator === 'tcg' ? 'max' : 'host', '-no-reboot'],
    ...['-serial', 'stdio', '-device', 'virtio-blk-pci,drive=probe'],
    ...['-blockdev', 'driver=raw,node-name=probe,read-only=on,file.driver=file,file.filename=probe.raw'],
  ];
  try {
    const { file, args, ...as } = await lowered(user, { file: binary, args: argv }, 0, accelerator);
    const { stdout } = await runProgram(file, args, { ...as, cwd: own, signal: deadline.signal });
    return stdout === probeWord ? { runs: true } : { runs: false, why: 'a small guest ended without its word' };
  } catch (error) {
    signal.throwIfAborted();
    return { runs: false, why: inShort(asFault(error).message) };
  }
};
