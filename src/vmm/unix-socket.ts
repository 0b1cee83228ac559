import { connect, type Socket } from 'node:net';
import { isErrno } from '../base/errno.ts';

/**
 * Whether a connection to a Unix socket failed because no program listens there: not yet, not any more, or the listener went while
 * this one was in its queue.
 */
export const isNobodyThere = (error: unknown): boolean => isErrno(error, 'ENOENT', 'ECONNREFUSED', 'ECONNRESET');

/** A connection to a Unix socket. Rejects with the error of connect(2), or with the signal's reason. */
export const connectUnix = (path: string, signal: AbortSignal): Promise<Socket> =>
  new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const socket = connect({ path });
    const stop = () => {
      socket.destroy();
      // An abort reason is whatever its owner chose, an Error by this program's habit.
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', stop, { once: true });
    socket.once('error', (error) => {
      signal.removeEventListener('abort', stop);
      reject(error);
    });
    socket.once('connect', () => {
      signal.removeEventListener('abort', stop);
      resolve(socket);
    });
  });
