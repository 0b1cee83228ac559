import type { Socket } from 'node:net';
import type { Clock } from '../clock.ts';

/** Closes connections in a way that their clients hear why (nginx calls it lingering_close). */
export type LingeringClose = Disposable & {
  /** Writes the text and closes, whatever the other side does. */
  readonly close: (socket: Socket, text: string) => void;
};

/**
 * A client that is still sending when its connection closes may lose the answer to the reset that follows. So a closing
 * connection goes on taking what comes, until its client has closed too or `withinMs` are over; but no more than `most` of
 * them, for each holds a descriptor. Beyond that they are written to and closed at once.
 */
export const makeLingeringClose = ({
  most,
  withinMs,
  clock,
}: {
  readonly most: number;
  readonly withinMs: number;
  readonly clock: Clock;
}): LingeringClose => {
  const leaving = new Map<Socket, number>();
  let isOver = false;
  const sweeping = clock.every(withinMs / 2, () => {
    const now = clock.elapsed();
    for (const [socket, until] of leaving) if (until <= now) socket.destroy();
  });
  return {
    close: (socket, text) => {
      // That it has gone already is no news.
      socket.on('error', () => undefined);
      // Behind an answer that its client does not read, nothing can be said.
      if (!socket.writable || socket.writableLength > 0) return void socket.destroy();
      if (isOver || leaving.size >= most) {
        // What fits is in the kernel's hands when `write` returns, and the descriptor is free when `destroy` does.
        socket.write(text);
        socket.destroy();
        return;
      }
      leaving.set(socket, clock.elapsed() + withinMs);
      socket.once('close', () => leaving.delete(socket));
      socket.once('end', () => socket.destroySoon());
      socket.end(text);
      socket.resume();
    },
    [Symbol.dispose]: () => {
      isOver = true;
      sweeping[Symbol.dispose]();
      for (const socket of leaving.keys()) socket.destroy();
    },
  };
};
