import { constants } from 'node:os';
import { spawn } from 'node-pty';
import type { Clock } from '../../base/clock.ts';
import { environment } from '../../base/process/environment.ts';
import { hostExhausted } from '../../base/fault.ts';
import type { Exit } from '../../base/process/start-detached.ts';
import { deferred } from '../../base/waiting.ts';
import type { SerialLine } from '../types.ts';
import { lineClosed } from '../serial-line.ts';

export type PtyOptions = {
  readonly clock: Clock;
  readonly cwd?: string;
  /** The whole environment beside what every program gets, and TERM. */
  readonly env?: Readonly<Record<string, string>>;
};

/** A program in a terminal of its own, as a line. Disposing it hangs up, and kills the program if it does not go. */
export type PtyLine = SerialLine &
  AsyncDisposable & {
    readonly pid: number;
    /** Settles when the program has gone and all that it printed has been taken; never rejects. */
    readonly exited: Promise<Exit>;
  };

// What is read ahead of the reader before the terminal is told to hold its breath. It is much, because what stays in the
// kernel when the program ends may be lost.
const mostAhead = 1024 * 1024;

const signalName = (number: number | undefined) =>
  number === undefined || number === 0
    ? undefined
    : (Object.entries(constants.signals).find(([, value]) => value === number)?.[0] ?? String(number));

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

const spawnTerminal = (file: string, args: readonly string[], { cwd, env }: Omit<PtyOptions, 'clock'>) => {
  try {
    return spawn(file, [...args], {
      name: 'vt220',
      cols: 80,
      rows: 24,
      encoding: null,
      env: { ...environment(), ...env },
      ...(cwd === undefined ? {} : { cwd }),
    });
  } catch (cause) {
    // forkpty(3) fails before the program is looked for: there is no terminal, no descriptor or no process to be had.
    throw hostExhausted(`${file} could not be started in a terminal`, cause);
  }
};

/**
 * Runs a program in a pseudo terminal of 80 columns: for programs that need one, such as cu(1). A program that
 * prints more than 1 MiB ahead of the reader waits. When it ends with more than 4 KiB unread in the kernel, the rest is
 * lost: libuv takes the hang-up for the end of a stream after a short read, and a terminal's reads are all short. node-pty does not tell when the terminal has taken what is
 * written, so `write` resolves when it is in line. Throws `host_exhausted` when the terminal cannot be made; a program
 * that does not exist ends at once with exit code 1 or 127, as the system has it.
 */
// One closure, though long: what is read ahead, the pause and the end of the program all wake the one reader.
export const ptyLine = (file: string, args: readonly string[], { clock, ...place }: PtyOptions): PtyLine => {
  const terminal = spawnTerminal(file, args, place);
  const exited = deferred<Exit>();
  let queue: Uint8Array[] = [];
  let ahead = 0;
  let gone = false;
  let wake = deferred<void>();
  let watch: Disposable | undefined;
  const tell = () => {
    const told = wake;
    wake = deferred();
    told.resolve();
  };
  const resume = () => {
    watch?.[Symbol.dispose]();
    watch = undefined;
    terminal.resume();
  };
  terminal.onData((came: unknown) => {
    const bytes = came instanceof Uint8Array ? came : Buffer.from(String(came));
    queue.push(bytes);
    ahead += bytes.byteLength;
    tell();
    // node-pty throws away what is unread 200 ms after the program has gone. Then it is all taken at once: there is no more
    // than the kernel holds.
    if (ahead < mostAhead || watch !== undefined || !isAlive(terminal.pid)) return;
    terminal.pause();
    watch = clock.every(50, () => {
      if (!isAlive(terminal.pid)) resume();
    });
  });
  terminal.onExit(({ exitCode, signal }) => {
    watch?.[Symbol.dispose]();
    gone = true;
    const name = signalName(signal);
    exited.resolve({ exitCode: name === undefined ? exitCode : undefined, signal: name });
    tell();
  });
  const read = async function* (): AsyncGenerator<Uint8Array, void> {
    for (;;) {
      const bytes = queue.length === 1 ? queue[0] : Buffer.concat(queue);
      queue = [];
      ahead = 0;
      if (watch !== undefined) resume();
      if (bytes !== undefined && bytes.byteLength > 0) yield bytes;
      else if (gone) return;
      else await wake.promise;
    }
  };
  return {
    pid: terminal.pid,
    exited: exited.promise,
    bytes: read(),
    write: async (bytes) => {
      if (gone) throw lineClosed();
      terminal.write(Buffer.from(bytes));
    },
    [Symbol.asyncDispose]: async () => {
      if (gone) return;
      terminal.kill('SIGHUP');
      // Whoever does not read any more must not keep the program from going.
      resume();
      using patience = clock.deadline(2000, new AbortController().signal, () => undefined);
      patience.signal.addEventListener('abort', () => terminal.kill('SIGKILL'), { once: true });
      await exited.promise;
    },
  };
};
