import type { WebSocket } from 'ws';
import type { Clock } from '../../../base/clock.ts';
import { asFault, Fault } from '../../../base/fault.ts';
import { orAborted } from '../../../base/waiting.ts';
import { longestMessage } from '../../server/streams/web-sockets.ts';

/** What is typed at once, and how much may wait for that until the client is not read any more. */
const mostWaiting = longestMessage;

// A serial line of 9600 baud takes 64 KiB in 70 s; a host's end of it takes them at once, unless the guest is stuck.
const longestTypingMs = 90_000;

type Parts = {
  readonly type: (bytes: Uint8Array) => Promise<void>;
  /** Told of what could not be typed; the next keys are taken once it has resolved. */
  readonly refused: (fault: Fault) => Promise<void>;
  readonly clock: Clock;
  /** Aborts when the socket is closed. */
  readonly signal: AbortSignal;
};

/**
 * Types what comes, in its order, one piece at a time. A client that sends faster than the guest takes it is not read
 * meanwhile: TCP holds it back. A piece that is not taken for too long is `console_deaf`.
 */
export const takeKeys = (socket: Pick<WebSocket, 'pause' | 'resume'>, { type, refused, clock, signal }: Parts) => {
  let waiting: Uint8Array[] = [];
  let bytes = 0;
  let typing: Promise<void> | undefined;

  const typeNext = async (piece: Uint8Array) => {
    const deaf = new Fault('console_deaf', 'The guest does not take what is typed.');
    using deadline = clock.deadline(longestTypingMs, signal, () => deaf);
    try {
      await orAborted(type(piece), deadline.signal);
    } catch (error) {
      if (deadline.signal.aborted) throw error;
      await refused(asFault(error));
    }
  };
  const typeAll = async () => {
    while (bytes > 0 && !signal.aborted) {
      const piece = Buffer.concat(waiting);
      waiting = [];
      bytes = 0;
      socket.resume();
      await typeNext(piece);
    }
    typing = undefined;
  };
  return {
    /** Rejects with what `refused` throws, `console_deaf`, or the signal's reason. */
    put: (piece: Uint8Array): Promise<void> => {
      waiting.push(piece);
      bytes += piece.byteLength;
      if (bytes >= mostWaiting) socket.pause();
      return (typing ??= typeAll());
    },
  };
};
