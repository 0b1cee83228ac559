import { rm } from 'node:fs/promises';
import type { Clock } from '../../../base/clock.ts';
import { cleanupStack } from '../../../base/cleanup.ts';
import { asFault, Fault } from '../../../base/fault.ts';
import { runProgram } from '../../../base/program.ts';
import { withOutgoing } from './outgoing.ts';
import { endProcesses } from '../process/processes.ts';
import { makeTrialFolder } from '../probe/trial-folder.ts';
import { giveTo, lowered, type ProgramCommand, type QemuUser } from '../process/user.ts';

const mostMsToRehearse = 10_000;

/**
 * Why machines on this host cannot have outgoing network, for people; undefined when they can. It is rehearsed with
 * everything but QEMU: a program or a device that is there proves nothing.
 */
export const whyNoOutgoing = async (
  folder: string,
  user: QemuUser | undefined,
  clock: Clock,
  signal: AbortSignal,
): Promise<string | undefined> => {
  if (process.platform !== 'linux')
    return 'the loopback of the host could not be kept from guests: that takes the namespaces of Linux';
  await using left = cleanupStack();
  const own = await makeTrialFolder(folder, 'network');
  left.defer(() => rm(own, { recursive: true, force: true }));
  left.defer(() => endProcesses('imaged', own, clock, signal));
  await giveTo(own, user, 0);
  const late = new Fault('step_timeout', `it was not there within ${mostMsToRehearse / 1000} s`);
  using deadline = clock.deadline(mostMsToRehearse, signal, () => late);
  try {
    await runProgram('slirp4netns', ['--version'], { signal: deadline.signal });
    const lower = (command: ProgramCommand) => lowered(user, command, 0, 'none');
    const { file, args, ...as } = await withOutgoing(own, '100.64.0', { file: 'true', args: [] }, lower);
    const options = { ...as, cwd: own, signal: deadline.signal, accept: 'any' } as const;
    const { exitCode, stderr } = await runProgram(file, args, options);
    if (exitCode === 0) return undefined;
    const words = stderr.trim().replaceAll(/\s*\n\s*/g, '; ');
    return (
      `a machine could not be given a network of its own (${words}). That takes user namespaces for everyone ` +
      '(user_namespaces(7); on Ubuntu see kernel.apparmor_restrict_unprivileged_userns) and a /dev/net/tun that imaged may open'
    );
  } catch (error) {
    signal.throwIfAborted();
    const fault = asFault(error);
    return fault.code === 'program_missing'
      ? 'slirp4netns is missing, which keeps the loopback of the host from guests. Install it (Debian: apt install slirp4netns)'
      : fault.message;
  }
};
