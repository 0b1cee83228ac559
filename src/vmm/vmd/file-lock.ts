import { runProgram } from '../../base/program.ts';

// perl(1) is in the base system of OpenBSD, and essential on Debian; Node has no flock(2). 5 is LOCK_SH | LOCK_NB, a
// lock that disturbs no other reader and is gone with the process.
const tryLock = 'open(my $f, "<", $ARGV[0]) or exit 2; exit(flock($f, 5) ? 0 : 1)';

/** Whether another program holds an exclusive lock on the file, as vmd does on the disks of its machines (vmd.c, O_EXLOCK). */
export const isHeld = async (path: string, signal: AbortSignal): Promise<boolean> => {
  const { exitCode } = await runProgram('perl', ['-e', tryLock, '--', path], { signal, accept: [0, 1, 2] });
  return exitCode === 1;
};
