import { createConnection } from 'node:net';
import type { Socket } from 'node:net';
import { Fault } from '../fault.ts';
import type { SerialLine } from './types.ts';

const connect = (path: string, signal: AbortSignal): Promise<Socket> =>
  new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const socket = createConnection({ path });
    // An abort reason is whatever its owner chose, an Error by this program's habit.
    const stop = () => socket.destroy(signal.reason as Error);
    const fail = (error: Error) => {
      signal.removeEventListener('abort', stop);
      reject(error);
    };
    signal.addEventListener('abort', stop, { once: true });
    socket.once('error', fail);
    socket.once('connect', () => {
      signal.removeEventListener('abort', stop);
      socket.off('error', fail);
      resolve(socket);
    });
  });

const hasGone = (error: unknown) =>
  error instanceof Error &&
  'code' in error &&
  ['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_DESTROYED'].includes(String(error.code));

const read = async function* (socket: Socket): AsyncGenerator<Uint8Array, void> {
  try {
    for await (const bytes of socket.iterator({ destroyOnReturn: false })) yield bytes as Buffer; // No encoding was set.
  } catch (error) {
    // A program that is killed does not say good-bye: that is the end of the line, too.
    if (!hasGone(error)) throw error;
  }
};

/** A closed line, to whoever still writes to it. */
export const lineClosed = (cause?: unknown): Fault =>
  new Fault('console_closed', 'The serial line closed while something was being typed.', {}, { cause });

/**
 * The serial line behind a Unix socket, as QEMU offers it. It is read only as fast as the reader asks; what was sent
 * before the other side closed is read to its end, unless something is written after it had closed: then Node drops what
 * was not read yet. Disposing closes it. The signal ends the connecting alone.
 * Rejects with the error of the socket (ENOENT, ECONNREFUSED) when nobody listens at `path`.
 */
export const socketLine = async (path: string, signal: AbortSignal): Promise<SerialLine & AsyncDisposable> => {
  const socket = await connect(path, signal);
  let failure: Error | undefined;
  socket.on('error', (error) => {
    failure = error;
  });
  return {
    bytes: read(socket),
    write: (bytes) =>
      new Promise((resolve, reject) => {
        if (!socket.writable) reject(lineClosed(failure));
        else socket.write(bytes, (error) => (error ? reject(lineClosed(error)) : resolve()));
      }),
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        if (socket.closed) resolve();
        else socket.once('close', () => resolve()).destroy();
      }),
  };
};
