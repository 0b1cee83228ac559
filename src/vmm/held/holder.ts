/** The program that holds the serial line of one machine, from the daemon's side: started, found again, ended. */

import { once } from 'node:events';
import { open, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../../base/clock.ts';
import { isErrno } from '../../base/errno.ts';
import { top } from '../../base/package.ts';
import { startDetached, type Exit } from '../../base/process/start-detached.ts';
import { deferred, orAborted, retry } from '../../base/waiting.ts';
import { endAll, kill } from '../end-processes.ts';
import { processesWith } from '../processes.ts';
import { lineClosed } from '../serial-line.ts';
import { connectUnix, isNobodyThere } from '../unix-socket.ts';
import { heldFiles, holderMark } from './names.ts';

const holderProgram = fileURLToPath(new URL('dist/src/vmm/holder/main.js', top));

/** One that holds the line now, and is told by this connection that a daemon is there. */
export type Holder = {
  /** Resolves when it has been sent the bytes. Throws `console_closed`. */
  readonly write: (bytes: Uint8Array) => Promise<void>;
  /** Settles when it has gone; never rejects. */
  readonly gone: Promise<void>;
  /** Has it let go of the line, and returns when it has gone. */
  readonly end: () => Promise<void>;
};

/** It ended before it had the line. */
export type NotHeld = { readonly said: string; readonly exit: Exit };

const never = new AbortController().signal;

const untilItListens = { attempts: Infinity, firstMs: 5, growth: 1.1, mostMs: 20 };

// A program that it has in a terminal gets 2 s to go.
const mostMsToEnd = 4_000;

/** Has a holder let go of its line, and kills it if it does not; `gone` settles when it has gone. */
const endOne = async (pid: number, gone: Promise<unknown>, clock: Clock): Promise<void> => {
  let isGone = false;
  void gone.then(() => (isGone = true));
  kill(pid, 'SIGTERM');
  using patience = clock.deadline(mostMsToEnd, never, () => undefined);
  patience.signal.addEventListener('abort', () => (isGone ? undefined : kill(pid)), { once: true });
  await gone;
};

const mostWords = 16 * 1024;

/** What the file has from there on; empty when it is not there. */
const textFrom = async (path: string, from: number): Promise<string> => {
  try {
    await using file = await open(path, 'r');
    const { bytesRead, buffer } = await file.read(Buffer.alloc(mostWords), 0, mostWords, from);
    return buffer.toString('latin1', 0, bytesRead);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return '';
    throw error;
  }
};

/** Connects to the holder of a machine. Rejects as `isNobodyThere` says where there is none. */
const findHolder = async (folder: string, clock: Clock, signal: AbortSignal): Promise<Holder> => {
  const socket = await connectUnix(heldFiles(folder).socket, signal);
  const gone = deferred<void>();
  // Told by its closing.
  socket.on('error', () => undefined);
  socket.once('close', () => gone.resolve());
  const [greeting] = (await orAborted(Promise.race([once(socket, 'data'), gone.promise.then(() => [])]), signal).catch(
    (error: unknown) => {
      socket.destroy();
      throw error;
    },
  )) as [Uint8Array?];
  const pid = Number(Buffer.from(greeting ?? []).toString('latin1'));
  if (!(pid > 1)) throw Object.assign(new Error('The holder went at once.'), { code: 'ECONNREFUSED' });
  socket.resume();
  return {
    write: (bytes) =>
      new Promise((resolve, reject) => {
        if (!socket.writable) reject(lineClosed());
        else socket.write(bytes, (error) => (error ? reject(lineClosed(error)) : resolve()));
      }),
    gone: gone.promise,
    end: async () => {
      // As long as the connection is there, the number is nobody else's.
      if (!socket.closed) await endOne(pid, gone.promise, clock);
    },
  };
};

/** The holder that an earlier run of the daemon has left in this folder; undefined where it has gone. */
export const holderLeft = async (folder: string, clock: Clock, signal: AbortSignal): Promise<Holder | undefined> => {
  try {
    return await findHolder(folder, clock, signal);
  } catch (error) {
    if (isNobodyThere(error)) return undefined;
    throw error;
  }
};

/** What a holder is to hold, in the words of its command line; `fds` are files that it gets. */
export type LineHold = { readonly words: readonly string[]; readonly fds?: readonly number[] };

/**
 * Starts the holder of a machine in a session of its own: it outlives the daemon, and ends with the line. Throws
 * `program_missing`, `host_exhausted`, the signal's reason.
 */
export const startHolder = async (
  folder: string,
  { words, fds = [] }: LineHold,
  clock: Clock,
  signal: AbortSignal,
): Promise<Holder | NotHeld> => {
  signal.throwIfAborted();
  const { log } = heldFiles(folder);
  await rm(log, { force: true });
  const args = [holderProgram, folder, ...words];
  const { pid, exited } = await startDetached(process.execPath, args, log, { fds });
  const ended = new AbortController();
  void exited.then(() => ended.abort());
  const alive = AbortSignal.any([signal, ended.signal]);
  try {
    return await retry(() => findHolder(folder, clock, alive), untilItListens, isNobodyThere, clock, alive);
  } catch (error) {
    const hasEnded = ended.signal.aborted;
    if (!hasEnded) await endOne(pid, exited, clock);
    signal.throwIfAborted();
    if (!hasEnded) throw error;
    return { said: await textFrom(log, 0), exit: await exited };
  }
};

/** Ends whatever holds the line of a machine in this folder. */
export const endHolders = async (folder: string, clock: Clock, signal: AbortSignal): Promise<void> =>
  endAll(await processesWith([holderMark(folder)], signal), 'The holder of a serial line', clock, signal);

/** Removes what a holder leaves. */
export const removeHeld = async (folder: string): Promise<void> => {
  for (const path of Object.values(heldFiles(folder))) await rm(path, { force: true });
};
