import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { errnoOf, isErrno } from '../errno.ts';
import { asFault, Fault } from '../fault.ts';
import type { RunOptions } from '../program.ts';
import { environment } from './environment.ts';
import { firstHandedFd } from './handed-fd.ts';

const notStarted = (file: string, error: unknown): unknown => {
  if (!(error instanceof Error) || errnoOf(error) === undefined) return error;
  if (asFault(error).code === 'host_exhausted') return asFault(error);
  const facts = { program: file };
  return isErrno(error, 'ENOENT')
    ? new Fault('program_missing', `${file} could not be started. Install it, or say where it is in the configuration.`, facts, { cause: error }) // prettier-ignore
    : new Fault('program_failed', `${file} could not be started: ${error.message}`, facts, { cause: error });
};

export type Exit = { readonly exitCode: number | undefined; readonly signal: string | undefined };

export type DetachedProcess = {
  readonly pid: number;
  /** Settles when the program has gone; never rejects. */
  readonly exited: Promise<Exit>;
};

type DetachedOptions = Pick<RunOptions, 'cwd' | 'as'> & {
  /** Open files that it gets, in this order, from `firstHandedFd` on. The caller closes its own when this has resolved. */
  readonly fds?: readonly number[];
};

/**
 * Starts a program in a session of its own, so that it outlives this process; what it prints is appended to `logFile`.
 * Throws `program_missing`, `program_failed` when it may not be run, `host_exhausted`.
 */
export const startDetached = async (
  file: string,
  args: readonly string[],
  logFile: string,
  { cwd, as, fds = [] }: DetachedOptions = {},
): Promise<DetachedProcess> => {
  // A file descriptor, not a stream of ours: the program goes on writing when this process has gone.
  const log = openSync(logFile, 'a', 0o640);
  try {
    // Node opens nothing at a number above 2 that is ignored.
    const between = Array.from({ length: firstHandedFd - 3 }, () => 'ignore' as const);
    const child = spawn(file, args, {
      detached: true,
      stdio: ['ignore', log, log, ...(fds.length === 0 ? [] : [...between, ...fds])],
      env: environment(),
      ...(cwd === undefined ? {} : { cwd }),
      ...(as === undefined ? {} : { uid: as.uid, gid: as.gid }),
    });
    const exited = new Promise<Exit>((resolve) => {
      child.once('exit', (exitCode, signal) =>
        resolve({ exitCode: exitCode ?? undefined, signal: signal ?? undefined }),
      );
    });
    await once(child, 'spawn');
    const { pid } = child;
    if (pid === undefined) throw new Error(`${file} was started without a process id`);
    child.unref();
    return { pid, exited };
  } catch (error) {
    throw notStarted(file, error);
  } finally {
    closeSync(log);
  }
};
