import type WebSocket from 'ws';
import { z } from 'zod';
import type { Clock } from '../../base/clock.ts';
import { cleanupStack } from '../../base/cleanup.ts';
import { deferred, orAborted } from '../../base/waiting.ts';
import { note, type LocalTerminal } from './terminal.ts';

/** A connection that its daemon closed, or that broke: then 1006 (RFC 6455, 7.1.5). */
export type Closed = { readonly code: number; readonly reason: string };

const Refused = z.object({ error: z.object({ code: z.string(), detail: z.string() }) });

// A guest that takes no keys: no more of them wait than this.
const mostWaiting = 64 * 1024;

// The daemon pings every 15 s. A host that has lost its power or its route says nothing, not even that it has gone.
const silentMs = 50_000;

const toldIn = (text: string): string => {
  try {
    return Refused.parse(JSON.parse(text)).error.detail;
  } catch {
    return 'the daemon says what is not known here: is it newer than this program?';
  }
};

const show = (socket: WebSocket, terminal: LocalTerminal, came: (bytes: number) => void) => {
  return (data: WebSocket.RawData, isBinary: boolean) => {
    // With the usual `binaryType` it is one.
    const bytes = data as Buffer;
    if (!isBinary) return note(terminal, toldIn(bytes.toString()));
    came(bytes.byteLength);
    // A terminal that is slow holds the socket back, and that the daemon.
    if (terminal.output.write(bytes)) return;
    socket.pause();
    terminal.output.once('drain', () => socket.resume());
  };
};

const tellSize =
  (socket: WebSocket, { output: { columns, rows } }: LocalTerminal) =>
  () => {
    if (columns !== undefined && rows !== undefined && columns > 0 && rows > 0)
      socket.send(JSON.stringify({ resize: { columns, rows } }));
  };

/** Breaks a connection on which nothing comes any more. One that is not read just now cannot tell. */
const breakWhenSilent = (socket: WebSocket, clock: Clock): Disposable => {
  let heardAt = clock.elapsed();
  const hear = () => {
    heardAt = clock.elapsed();
  };
  socket.on('ping', hear).on('message', hear);
  return clock.every(silentMs / 5, () => {
    if (socket.isPaused) hear();
    else if (clock.elapsed() - heardAt > silentMs) socket.terminate();
  });
};

type Tied = {
  readonly terminal: LocalTerminal;
  /** Told of bytes that are shown. */
  readonly came: (bytes: number) => void;
  /** Given what sends keys, until the connection has ended. */
  readonly keysTo: (send: ((keys: Buffer) => void) | undefined) => void;
  readonly clock: Clock;
};

/** Ties a terminal to an open socket until that is closed. Throws the signal's reason. */
export const runConnection = async (
  socket: WebSocket,
  { terminal, came, keysTo, clock }: Tied,
  signal: AbortSignal,
): Promise<Closed> => {
  const { input, output } = terminal;
  const closed = deferred<Closed>();
  const sized = tellSize(socket, terminal);
  await using cleanup = cleanupStack();
  cleanup.defer(async () => {
    keysTo(undefined);
    output.off('resize', sized);
    // Keys are read again, also those that nothing takes.
    input.resume();
    // Its answer may be behind what was not read.
    socket.resume();
    socket.close(1000);
  });
  cleanup.keep(breakWhenSilent(socket, clock));
  socket.on('message', show(socket, terminal, came));
  socket.on('close', (code, reason) => closed.resolve({ code, reason: reason.toString() }));
  output.on('resize', sized);
  keysTo((keys) => {
    socket.send(keys, () => {
      if (socket.bufferedAmount < mostWaiting) input.resume();
    });
    if (socket.bufferedAmount >= mostWaiting) input.pause();
  });
  sized();
  socket.resume();
  return await orAborted(closed.promise, signal);
};
