import type { Clock } from '../../base/clock.ts';
import type { Exit } from '../../base/process/start-detached.ts';
import { orAborted } from '../../base/waiting.ts';
import { ptyLine, type PtyLine } from './pty-line.ts';

/** cu(1) on a machine's tty. */
export type AttachedCu = {
  readonly pty: PtyLine;
  readonly tty: string;
  /** What came behind cu's own first line; the rest is in `bytes`. */
  readonly early: Uint8Array;
  readonly bytes: AsyncIterator<Uint8Array>;
};

/** It ended before cu was attached. */
export type Refusal = { readonly said: string; readonly exit: Exit };

const connected = /^Connected to (\S+) \(speed \d+\)\r\n/m;

// vmctl's warnings come first, one line each; nothing longer is waited for.
const mostBytes = 16 * 1024;

/**
 * Runs `vmctl start -c` or `vmctl console` in a terminal until it has become cu (vmctl(8), cu(1)), or has ended. What
 * is said in between is the refusal.
 */
export const attachCu = async (
  vmctl: string,
  args: readonly string[],
  clock: Clock,
  signal: AbortSignal,
): Promise<AttachedCu | Refusal> => {
  signal.throwIfAborted();
  const pty = ptyLine(vmctl, args, { clock });
  try {
    const bytes = pty.bytes[Symbol.asyncIterator]();
    let came = Buffer.alloc(0);
    for (;;) {
      const next = await orAborted(bytes.next(), signal);
      if (next.done === true) return { said: came.toString('latin1'), exit: await pty.exited };
      came = Buffer.concat([came, next.value]);
      const [line, tty] = connected.exec(came.toString('latin1')) ?? [];
      if (line !== undefined && tty !== undefined) {
        const end = came.toString('latin1').indexOf(line) + line.length;
        return { pty, tty, early: came.subarray(end), bytes };
      }
      if (came.byteLength > mostBytes) {
        await pty[Symbol.asyncDispose]();
        return { said: came.toString('latin1'), exit: await pty.exited };
      }
    }
  } catch (error) {
    await pty[Symbol.asyncDispose]();
    throw error;
  }
};

const tilde = 0x7e;
const carriageReturn = 0x0d;

/**
 * Makes the function that doubles each `~` that cu would take for the beginning of a command of its own: at the start,
 * and behind CR, and behind one that was doubled (cu(1), ESCAPED COMMANDS; cu.c, stream_read).
 */
export const tildeDoubler = (): ((bytes: Uint8Array) => Uint8Array) => {
  let isLineStart = true;
  return (bytes) => {
    const out: number[] = [];
    for (const byte of bytes) {
      out.push(byte);
      if (isLineStart && byte === tilde) out.push(byte);
      else isLineStart = byte === carriageReturn;
    }
    return Uint8Array.from(out);
  };
};
