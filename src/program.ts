import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { execa } from 'execa';
import { isExecutable } from './executable.ts';
import { Fault } from './fault.ts';

export type Ran = { readonly stdout: string; readonly stderr: string; readonly exitCode: number };

export type RunOptions = {
  readonly signal: AbortSignal;
  readonly cwd?: string;
  /** The whole environment of the program beside PATH; nothing else is inherited. */
  readonly env?: Readonly<Record<string, string>>;
  readonly input?:
    | string
    | Uint8Array
    | { readonly file: string }
    /** A pipe that stays open and silent: the program reads its end when this process is gone, however it went. */
    | { readonly held: true };
  /** Exit codes that are an answer, not a fault. Default: 0 alone; 'any' leaves it to the caller. */
  readonly accept?: readonly number[] | 'any';
  /** Called with each line as it comes, without its newline; then nothing is returned of it. */
  readonly onLine?: (line: string, stream: 'stdout' | 'stderr') => void;
};

const keepBytes = 64 * 1024;

// A line without end must not grow the heap: it is cut where it passes this.
const longestLine = 16 * 1024;

const eachLine = (onLine: (line: string) => void) => {
  let rest = '';
  return {
    *transform(chunk: unknown) {
      rest += String(chunk);
      const lines = rest.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) onLine(line.replace(/\r$/, ''));
      if (rest.length > longestLine) {
        onLine(rest);
        rest = '';
      }
      yield chunk;
    },
    *final() {
      if (rest !== '') onLine(rest);
    },
    binary: false,
    preserveNewlines: true,
    objectMode: false,
  } as const;
};

const sourceOf = (input: RunOptions['input']) => {
  if (input === undefined) return { stdin: 'ignore' } as const;
  if (typeof input === 'string' || input instanceof Uint8Array) return { input } as const;
  return 'held' in input ? ({ stdin: 'pipe' } as const) : ({ inputFile: input.file } as const);
};

// As env(1) and shells say that they found nothing to run. So does libuv on OpenBSD, where posix_spawn(3) succeeds with a
// program that is not there: https://github.com/libuv/libuv/issues/5240
const notFound = 127;

/** What is read of execa's result, whose own type depends on its options. */
type Outcome = {
  readonly exitCode?: number | undefined;
  readonly code?: string | undefined;
  readonly signal?: string | undefined;
  readonly shortMessage?: string | undefined;
  readonly stdout?: unknown;
  readonly stderr?: unknown;
};

/**
 * Runs a program without a shell and waits for it. The signal ends it with SIGTERM, then SIGKILL after 5 s.
 * Throws `program_missing`, `program_failed` (with exit code and the end of stderr), or the signal's reason.
 */
export const runProgram = async (file: string, args: readonly string[], options: RunOptions): Promise<Ran> => {
  const { signal, cwd, env, onLine, accept = [0] } = options;
  const path = env?.['PATH'] ?? process.env['PATH'] ?? '/usr/bin:/bin:/usr/sbin:/sbin';
  signal.throwIfAborted();
  try {
    const ran: Outcome = await execa(file, args, {
      ...sourceOf(options.input),
      ...(cwd === undefined ? {} : { cwd }),
      env: { PATH: path, LC_ALL: 'C', ...env },
      extendEnv: false,
      cancelSignal: signal,
      forceKillAfterDelay: 5000,
      stripFinalNewline: false,
      reject: false,
      ...(onLine
        ? {
            buffer: false as const,
            stdout: eachLine((line) => onLine(line, 'stdout')),
            stderr: eachLine((line) => onLine(line, 'stderr')),
          }
        : { maxBuffer: 64 * 1024 * 1024 }),
    });
    signal.throwIfAborted();
    if (ran.code === 'ENOENT' || (ran.exitCode === notFound && !(await isExecutable(file, path))))
      throw new Fault(
        'program_missing',
        `${file} was not found. Install it, or say where it is in the configuration.`,
        { program: file },
      );
    const { exitCode } = ran;
    if (ran.signal !== undefined)
      throw new Fault('program_failed', `${file} was killed by ${ran.signal}.`, { program: file, signal: ran.signal });
    if (exitCode === undefined)
      throw new Fault(
        'program_failed',
        `${file} did not run to its end: ${ran.shortMessage ?? 'no reason was given'}`,
        { program: file, args },
      );
    const stdout = typeof ran.stdout === 'string' ? ran.stdout : '';
    const stderr = typeof ran.stderr === 'string' ? ran.stderr.slice(-keepBytes) : '';
    if (accept !== 'any' && !accept.includes(exitCode))
      throw new Fault(
        'program_failed',
        `${file} ended with exit code ${exitCode}: ${stderr.trim() || 'it said nothing'}`,
        {
          program: file,
          args,
          exitCode,
          stderr,
        },
      );
    return { stdout, stderr, exitCode };
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
};

export type Exit = { readonly exitCode: number | undefined; readonly signal: string | undefined };

export type Detached = {
  readonly pid: number;
  /** Settles when the program has gone; never rejects. */
  readonly exited: Promise<Exit>;
};

/** Starts a program in a session of its own, so that it outlives this process; what it prints is appended to `logFile`. */
export const startDetached = (file: string, args: readonly string[], logFile: string): Detached => {
  // A file descriptor, not a stream of ours: the program goes on writing when this process has gone.
  const log = openSync(logFile, 'a', 0o640);
  try {
    const child = spawn(file, args, { detached: true, stdio: ['ignore', log, log] });
    const exited = new Promise<Exit>((resolve) => {
      child.once('exit', (exitCode, signal) =>
        resolve({ exitCode: exitCode ?? undefined, signal: signal ?? undefined }),
      );
      child.once('error', () => resolve({ exitCode: undefined, signal: undefined }));
    });
    if (child.pid === undefined)
      throw new Fault(
        'program_missing',
        `${file} could not be started. Install it, or say where it is in the configuration.`,
        { program: file },
      );
    child.unref();
    return { pid: child.pid, exited };
  } finally {
    closeSync(log);
  }
};
