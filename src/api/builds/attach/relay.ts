import type { RawData, WebSocket } from 'ws';
import { z } from 'zod';
import { Fault, type FaultCode } from '../../../base/fault.ts';
import { makeNotifier } from '../../../base/notifier.ts';
import { orAborted } from '../../../base/waiting.ts';
import type { ApiParts } from '../../types.ts';
import { findBuild } from '../found.ts';
import type { TextRooms } from '../text-rooms.ts';
import { checkTakesKeys } from '../takes-keys.ts';
import { closeSocket, type Closing } from './closing.ts';
import { takeKeys } from './keys.ts';

/** What a client may say beside keys. A serial line has no size to change, so a new one is taken and nothing comes of it. */
const Control = z.strictObject({
  resize: z.strictObject({ columns: z.int().min(1).max(10_000), rows: z.int().min(1).max(10_000) }),
});

// Proxies close what is silent for a minute: see heartbeats.ts.
const pingMs = 15_000;

type Relay = {
  readonly id: string;
  /** Bytes of the transcript that the client has. */
  readonly offset: number;
  readonly rooms: TextRooms;
  /** How long a client may take for a piece of what the console says, in ms. */
  readonly takeMs: number;
  /** Aborts when the client may not be here any more. */
  readonly revoked: AbortSignal;
  /** Told of an error of imaged itself. */
  readonly trouble: (error: unknown) => void;
};

/** Ends the relay in a way that its client is told. */
class Closed extends Error {
  readonly closing: Closing;
  constructor(closing: Closing) {
    super(closing);
    this.closing = closing;
  }
}

// With the usual `binaryType` it is one.
const bytesOf = (data: RawData): Buffer => data as Buffer;

const isControl = (text: string): boolean => {
  try {
    return Control.safeParse(JSON.parse(text)).success;
  } catch {
    return false;
  }
};

const byFault: Readonly<Partial<Record<FaultCode, Closing>>> = {
  build_not_held: 'notHeld',
  not_found: 'notHeld',
  console_closed: 'notHeld',
  console_deaf: 'deafGuest',
};

const closingOf = (why: unknown): Closing => {
  if (why instanceof Closed) return why.closing;
  return (why instanceof Fault ? byFault[why.code] : undefined) ?? 'broken';
};

const untilAborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

// RFC 6455, 5.5.3: of several pings the last alone may be answered. What a client does not take waits in memory.
const mostUnread = 16 * 1024;

const answerPings = (socket: WebSocket): void =>
  void socket.on('ping', (data: Buffer) => {
    if (socket.bufferedAmount < mostUnread) socket.pong(data);
  });

/** Calls back when two pings in a row have got no answer. A client that is not read just now cannot answer. */
const watchClient = (socket: WebSocket, clock: ApiParts['clock'], silent: () => void): Disposable => {
  let unanswered = 0;
  const hear = () => {
    unanswered = 0;
  };
  socket.on('pong', hear).on('message', hear);
  return clock.every(pingMs, () => {
    if (socket.isPaused) hear();
    unanswered += 1;
    if (unanswered > 2) silent();
    else socket.ping();
  });
};

/**
 * Ties a socket to the console of a build until one of them ends, or the build takes keys no longer: what is added to its
 * transcript goes out as bytes, and bytes that come are typed. The transcript is on the disk, so that a client that takes
 * it slowly costs one piece; one that takes nothing is closed. Texts are `Control` or, to the client, `{"error": {...}}`.
 */
export const relay = async (
  socket: WebSocket,
  { id, offset, rooms, takeMs, revoked, trouble }: Relay,
  { store, live, clock, signal: life }: Pick<ApiParts, 'store' | 'live' | 'clock' | 'signal'>,
): Promise<void> => {
  if (socket.readyState !== socket.OPEN) return;
  const own = new AbortController();
  const signal = AbortSignal.any([own.signal, life]);
  const end = (why: unknown) => own.abort(why);
  socket.once('close', () => end(new Error('The client has gone')));
  const revoke = () => end(new Closed('revoked'));
  if (revoked.aborted) revoke();
  revoked.addEventListener('abort', revoke, { once: true });

  const send = async (data: Uint8Array | string) => {
    using deadline = clock.deadline(takeMs, signal, () => new Closed('slowReader'));
    const sent = new Promise<void>((resolve, reject) => {
      socket.send(data, { binary: typeof data !== 'string' }, (error) => (error ? reject(error) : resolve()));
    });
    await orAborted(sent, deadline.signal);
  };
  const say = async () => {
    for await (const bytes of rooms.follow({ id, name: 'console', offset }, signal)) await send(bytes);
    throw new Closed('notHeld');
  };
  const watchBuild = async () => {
    const notifier = makeNotifier();
    using _changed = store.onChange(id, notifier.ring);
    do checkTakesKeys(await findBuild(store, id), live);
    while (await notifier.heard(signal));
  };
  const keys = takeKeys(socket, {
    type: (bytes) => live.type(id, bytes),
    refused: async (fault) => {
      if (byFault[fault.code] !== undefined) throw fault;
      await send(JSON.stringify({ error: { code: fault.code, detail: fault.message } }));
    },
    clock,
    signal,
  });
  socket.on('message', (data, isBinary) => {
    if (signal.aborted) return;
    if (isBinary) keys.put(bytesOf(data)).catch(end);
    else if (!isControl(bytesOf(data).toString())) end(new Closed('notUnderstood'));
  });
  answerPings(socket);
  using _watching = watchClient(socket, clock, () => end(new Closed('silentClient')));
  socket.resume();
  say().catch(end);
  watchBuild().catch(end);
  await untilAborted(signal);
  if (socket.readyState !== socket.OPEN) return;
  const closing = life.aborted ? 'stopping' : closingOf(own.signal.reason);
  if (closing === 'broken') trouble(own.signal.reason);
  closeSocket(socket, closing);
};
