import type WebSocket from 'ws';
import { z } from 'zod';
import { cleanupStack } from '../../base/cleanup.ts';
import { visible } from '../../base/text/visible.ts';
import { deferred, orAborted } from '../../base/waiting.ts';
import { help, makeEscapes } from './escapes.ts';
import { openSocket } from './open-socket.ts';
import { rawMode, type Terminal } from './terminal.ts';

export type AttachAsk = {
  /** The daemon's address, without a slash at the end. */
  readonly url: string;
  readonly token?: string | undefined;
  /** The id of a build that is held or at a breakpoint. */
  readonly build: string;
};

/** How it ended: the person left, or the daemon closed, with the code and the reason that the contract tells of. */
export type Detached =
  { readonly how: 'left' } | { readonly how: 'closed'; readonly code: number; readonly reason: string };

const Refused = z.object({ error: z.object({ code: z.string(), detail: z.string() }) });

// A guest that takes no keys: no more of them wait than this.
const mostWaiting = 64 * 1024;

const handshakeMs = 15_000;

/** A line of ours among what the guest says. */
const note = ({ output }: Terminal, words: string) => void output.write(`\r\n[${visible(words)}]\r\n`);

const toldIn = (text: string): string => {
  try {
    return Refused.parse(JSON.parse(text)).error.detail;
  } catch {
    return 'the daemon says what is not known here: is it newer than this program?';
  }
};

const show = (socket: WebSocket, terminal: Terminal) => (data: WebSocket.RawData, isBinary: boolean) => {
  // With the usual `binaryType` it is one.
  const bytes = data as Buffer;
  if (!isBinary) return note(terminal, toldIn(bytes.toString()));
  // A terminal that is slow holds the socket back, and that the daemon.
  if (terminal.output.write(bytes)) return;
  socket.pause();
  terminal.output.once('drain', () => socket.resume());
};

/** Sends what is typed; calls `leave` when the person wants to. */
const type = (socket: WebSocket, terminal: Terminal, leave: () => void) => {
  const escapes = makeEscapes();
  return (bytes: Uint8Array) => {
    const typed = escapes(bytes);
    if (typed.keys.length > 0)
      socket.send(typed.keys, () => {
        if (socket.bufferedAmount < mostWaiting) terminal.input.resume();
      });
    if (socket.bufferedAmount >= mostWaiting) terminal.input.pause();
    for (const escape of typed.escapes) {
      if (escape === 'leave') leave();
      else for (const line of help) note(terminal, line);
    }
  };
};

const tellSize =
  (socket: WebSocket, { output: { columns, rows } }: Terminal) =>
  () => {
    if (columns !== undefined && rows !== undefined && columns > 0 && rows > 0)
      socket.send(JSON.stringify({ resize: { columns, rows } }));
  };

/**
 * Ties a terminal to the console of a build until the person types `~.` at the beginning of a line, or the daemon closes
 * it; the terminal is then as it was, however it ends. What the guest says reaches the terminal as it is, escape sequences and all.
 * Throws the API's fault, `fetch_failed` where the host is not reached, or the signal's reason.
 */
export const attachConsole = async (
  { url, token, build }: AttachAsk,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<Detached> => {
  const at = `${url.replace(/^http/, 'ws')}/builds/${encodeURIComponent(build)}/console/attach`;
  const socket = await openSocket(at, token, handshakeMs, signal);
  using raw = rawMode(terminal);
  void raw;
  const { input, output } = terminal;
  const ended = deferred<Detached>();
  const leave = () => ended.resolve({ how: 'left' });
  const typed = type(socket, terminal, leave);
  const sized = tellSize(socket, terminal);
  await using cleanup = cleanupStack();
  cleanup.defer(async () => {
    input.off('data', typed).off('end', leave).off('error', ended.reject);
    output.off('resize', sized).off('error', ended.reject);
    // Its answer may be behind what was not read.
    socket.resume();
    socket.close(1000);
  });
  socket.on('message', show(socket, terminal));
  socket.on('close', (code, reason) => ended.resolve({ how: 'closed', code, reason: reason.toString() }));
  output.on('resize', sized).on('error', ended.reject);
  input.on('data', typed).on('end', leave).on('error', ended.reject);
  sized();
  socket.resume();
  return await orAborted(ended.promise, signal);
};
