import type { Socket } from 'node:net';
import { isErrno } from '../base/errno.ts';
import { Fault } from '../base/fault.ts';
import type { SerialLine } from './types.ts';

// How a socket says that its other end has gone while something was under way: for a line, that is its end.
const hangUps = ['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_DESTROYED'];

/** A closed line, for what is still written to it. */
export const lineClosed = (cause?: unknown): Fault =>
  new Fault('console_closed', 'The serial line closed while something was being typed.', {}, { cause });

/**
 * A socket as a serial line. Until it is read, the bytes wait in the socket and the guest waits for them. Disposing
 * it lets a reader come to the end of what has been sent, and closes the socket of a line that is not read. What is
 * written after the other side has gone may cost what was not read yet: Node drops it (net.Socket, EPIPE).
 */
export const serialLineOver = (socket: Socket): SerialLine & Disposable => {
  let isRead = false;
  // Told to the reader and the writers where they are.
  socket.on('error', () => undefined);

  const read = async function* (): AsyncGenerator<Uint8Array> {
    isRead = true;
    try {
      for await (const chunk of socket) yield chunk as Buffer; // without an encoding set, a chunk is bytes
    } catch (error) {
      if (!isErrno(error, ...hangUps)) throw error;
    } finally {
      socket.destroy();
    }
  };

  const write = (bytes: Uint8Array): Promise<void> =>
    new Promise((resolve, reject) => {
      if (!socket.writable) reject(lineClosed());
      else socket.write(bytes, (error) => (error ? reject(lineClosed(error)) : resolve()));
    });

  return {
    bytes: read(),
    write,
    [Symbol.dispose]: () => {
      if (!isRead) socket.destroy();
    },
  };
};
