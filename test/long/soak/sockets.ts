/** Clients that hold their end of the connection in their own hands. */

import { connect, type Socket } from 'node:net';
import { systemClock as clock } from '../../../src/base/clock.ts';

export type Line = Disposable & {
  readonly socket: Socket;
  /** The status of the answer; undefined: none has come. */
  readonly status: () => number | undefined;
  readonly isOpen: () => boolean;
};

/** A connection to the daemon. That it is refused or cut is an answer, too. */
export const open = (url: string): Line => {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  let heard = '';
  let isOpen = true;
  socket.on('error', () => undefined);
  socket.on('close', () => (isOpen = false));
  socket.on('data', (bytes: Buffer) => {
    if (heard.length < 200) heard += bytes.toString('latin1');
  });
  return {
    socket,
    status: () => {
      const status = /^HTTP\/1\.1 (\d{3})/.exec(heard)?.[1];
      return status === undefined ? undefined : Number(status);
    },
    isOpen: () => isOpen,
    [Symbol.dispose]: () => void socket.destroy(),
  };
};

/** The head of a request, without the empty line at its end. */
export const head = (request: string, token: string, ...lines: readonly string[]): string =>
  [`${request} HTTP/1.1`, 'host: soak', `authorization: Bearer ${token}`, ...lines, ''].join('\r\n');

/** Waits until the other side has answered or hung up, or the time is over. Gives the status of the answer. */
export const answerOf = async (line: Line, withinMs: number, signal: AbortSignal): Promise<number | undefined> => {
  const until = clock.elapsed() + withinMs;
  while (line.status() === undefined && line.isOpen() && clock.elapsed() < until) await clock.sleep(20, signal);
  return line.status();
};
