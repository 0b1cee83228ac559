import type { ChildProcess } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { execa } from 'execa';
import { environment } from './process/environment.ts';
import { isErrno } from './errno.ts';
import { isExecutable } from './file/executable.ts';
import { asFault, Fault } from './fault.ts';

export type Ran = { readonly stdout: string; readonly stderr: string; readonly exitCode: number };

export type Input = string | Uint8Array | { readonly file: string };

export type RunOptions = {
  readonly signal: AbortSignal;
  readonly cwd?: string;
  /** Who the program runs as, in no other group; only root may say so. */
  readonly as?: { readonly uid: number; readonly gid: number };
  /** The whole environment of the program beside `environment()`; nothing else is inherited. */
  readonly env?: Readonly<Record<string, string>>;
  readonly input?:
    | Input
    /** One after the other. */
    | readonly Input[]
    /** As it comes. */
    | Readable
    /** A pipe that stays open and silent: the program reads its end when this process is gone, however it went. */
    | { readonly held: true };
  /** It leads a process group, which ends with it: what it has started goes along. */
  readonly endsGroup?: true;
  /** Exit codes that are an answer, not a fault. Default: 0 alone; 'any' leaves it to the caller. */
  readonly accept?: readonly number[] | 'any';
  /**
   * Called with the lines as they come, without their newlines; then nothing is returned of them. No more is read of the
   * program until what it gives has resolved; when that rejects, the program is ended and the reason thrown.
   */
  readonly onLines?: (lines: readonly string[], stream: 'stdout' | 'stderr') => Promise<void> | void;
  /** Called with what the program writes to stdout, as it is, in place of `onLines`; by the same rules. Alone, it leaves stderr to the fault. */
  readonly onBytes?: (bytes: Uint8Array) => Promise<void> | void;
};

const keepBytes = 64 * 1024;
const mostKept = 64 * 1024 * 1024;

// A line without end must not grow the heap: it is cut where it passes this.
const longestLine = 16 * 1024;

const cut = (line: string): readonly string[] =>
  Array.from({ length: Math.max(1, Math.ceil(line.length / longestLine)) }, (_, n) =>
    line.slice(n * longestLine, (n + 1) * longestLine),
  );

/** Lines as they are handed on. A flood has tens of thousands in one chunk, so nothing is made of those that stay as they are. */
const tidy = (lines: readonly string[]): readonly string[] => {
  const ended = lines.some((line) => line.endsWith('\r')) ? lines.map((line) => line.replace(/\r$/, '')) : lines;
  return ended.some(({ length }) => length > longestLine) ? ended.flatMap(cut) : ended;
};

const inLines = (onLines: (lines: readonly string[]) => Promise<void> | void) => {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  return {
    // Nothing is handed on. The next chunk is read when this one is done with.
    async *transform(chunk: unknown): AsyncGenerator<never, void> {
      const came = chunk instanceof Uint8Array ? decoder.write(chunk) : String(chunk);
      const lines = (rest + came).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > longestLine) {
        lines.push(rest);
        rest = '';
      }
      if (lines.length > 0) await onLines(tidy(lines));
    },
    async *final(): AsyncGenerator<never, void> {
      rest += decoder.end();
      if (rest !== '') await onLines([rest]);
    },
    // Else execa itself would take the chunks apart: line by line, and no line is given before it has ended.
    binary: true,
    objectMode: false,
  } as const;
};

const inBytes = (onBytes: (bytes: Uint8Array) => Promise<void>) =>
  ({
    async *transform(chunk: unknown): AsyncGenerator<never, void> {
      if (chunk instanceof Uint8Array) await onBytes(chunk);
    },
    binary: true,
    objectMode: false,
  }) as const;

const oneAfterTheOther = async function* (inputs: readonly Input[]): AsyncGenerator<Uint8Array, void> {
  for (const input of inputs)
    if (typeof input === 'string') yield Buffer.from(input);
    else if (input instanceof Uint8Array) yield input;
    else yield* createReadStream(input.file);
};

const isList = (input: RunOptions['input']): input is readonly Input[] => Array.isArray(input);

const sourceOf = (input: RunOptions['input']) => {
  if (input === undefined) return { stdin: 'ignore' } as const;
  if (typeof input === 'string' || input instanceof Uint8Array) return { input } as const;
  // Made per program, so that it goes with it. No object mode: then its chunks would be counted, and not their bytes.
  if (isList(input)) return { input: Readable.from(oneAfterTheOther(input), { objectMode: false }) } as const;
  if (input instanceof Readable) return { input } as const;
  return 'held' in input ? ({ stdin: 'pipe' } as const) : ({ inputFile: input.file } as const);
};

// As env(1) and shells say that they found nothing to run. So does libuv on OpenBSD, where posix_spawn(3) succeeds with a
// program that is not there: https://github.com/libuv/libuv/issues/5240
const notFound = 127;

/** What is read of execa's result, whose own type depends on its options. */
type Outcome = {
  readonly exitCode?: number | undefined;
  readonly code?: string | undefined;
  readonly cause?: unknown;
  readonly signal?: string | undefined;
  readonly shortMessage?: string | undefined;
  readonly stdout?: unknown;
  readonly stderr?: unknown;
};

const missing = (file: string): Fault =>
  new Fault('program_missing', `${file} was not found. Install it, or say where it is in the configuration.`, {
    program: file,
  });

/** Whether a program could be started now, without starting it. Throws `program_missing`. */
export const checkProgram = async (file: string): Promise<void> => {
  if (!(await isExecutable(file, environment()['PATH'] ?? ''))) throw missing(file);
};

const isExhausted = (error: unknown): boolean => asFault(error).code === 'host_exhausted';

/** What a program that has ended gave, or the fault that it ended in. */
const ranOf = async (
  ran: Outcome,
  file: string,
  args: readonly string[],
  { path, accept }: { readonly path: string; readonly accept: readonly number[] | 'any' },
): Promise<Ran> => {
  // A folder of PATH that may not be searched makes it EACCES.
  const mayBeMissing = ran.exitCode === notFound || ran.code === 'EACCES';
  if (ran.code === 'ENOENT' || (mayBeMissing && !(await isExecutable(file, path)))) throw missing(file);
  const { exitCode } = ran;
  if (exitCode === undefined && isExhausted(ran.cause)) throw asFault(ran.cause);
  if (ran.signal !== undefined)
    throw new Fault('program_failed', `${file} was killed by ${ran.signal}.`, { program: file, signal: ran.signal });
  if (exitCode === undefined)
    throw new Fault('program_failed', `${file} did not run to its end: ${ran.shortMessage ?? 'no reason was given'}`, {
      program: file,
      args,
    });
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
};

const killGroup = (pid: number) => {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    // Nothing of it is left.
    if (!isErrno(error, 'ESRCH', 'EPERM')) throw error;
  }
};

/** What a program started may hold its output open: so the group ends when the program does, and not when that closes. */
const endGroupOf = (program: ChildProcess, signal: AbortSignal): void => {
  const { pid } = program;
  if (pid === undefined) return;
  const end = () => killGroup(pid);
  signal.addEventListener('abort', end, { once: true });
  program.once('exit', () => {
    signal.removeEventListener('abort', end);
    end();
  });
};

/**
 * Runs a program without a shell and waits for it. The signal ends it with SIGTERM, then SIGKILL after 5 s.
 * Throws `program_missing`, `program_failed` (with exit code and the end of stderr), `host_exhausted` when it could not be
 * started for want of files or processes, or the signal's reason.
 */
export const runProgram = async (file: string, args: readonly string[], options: RunOptions): Promise<Ran> => {
  const { cwd, as, env, onLines, onBytes, accept = [0] } = options;
  const whole = { ...environment(), ...env };
  const path = whole['PATH'] ?? '';
  const unheard = new AbortController();
  const signal = AbortSignal.any([options.signal, unheard.signal]);
  const unlessUnheard = async (take: () => Promise<void> | void) => {
    try {
      if (!unheard.signal.aborted) await take();
    } catch (error) {
      unheard.abort(error);
    }
  };
  const hear = (stream: 'stdout' | 'stderr') => inLines((lines) => unlessUnheard(() => onLines?.(lines, stream)));
  const heard = onBytes === undefined ? hear('stdout') : inBytes((bytes) => unlessUnheard(() => onBytes(bytes)));
  const outputs = () => {
    if (onLines) return { buffer: false, stdout: heard, stderr: hear('stderr') };
    if (onBytes) return { buffer: { stdout: false }, stdout: heard, maxBuffer: mostKept };
    return { maxBuffer: mostKept };
  };
  signal.throwIfAborted();
  try {
    const running = execa(file, args, {
      ...sourceOf(options.input),
      ...(cwd === undefined ? {} : { cwd }),
      env: whole,
      ...(as === undefined ? {} : { uid: as.uid, gid: as.gid }),
      extendEnv: false,
      cancelSignal: signal,
      forceKillAfterDelay: 5000,
      stripFinalNewline: false,
      reject: false,
      ...outputs(),
      ...(options.endsGroup === true ? { detached: true } : {}),
    });
    if (options.endsGroup === true) endGroupOf(running.nodeChildProcess, signal);
    const ran: Outcome = await running;
    signal.throwIfAborted();
    return await ranOf(ran, file, args, { path, accept });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
};
