import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../../../base/clock.ts';
import { Fault } from '../../../base/fault.ts';
import { isSlowReader, whySlowBody, type ReaderPace } from './pace.ts';
import type { Timeouts } from './timeouts.ts';

type Body = {
  readonly whole: number;
  readonly bytesBefore: number;
  /** On the clock that never jumps; both go on while it is imaged that does not read. */
  startedAt: number;
  lastByteAt: number;
  bytes: number;
};

type Reading = { readonly taken: number; readonly since: number };

export type PaceWatch = Disposable & {
  /** Watches the body of a request until it has come, or its answer has gone out. */
  readonly follow: (request: IncomingMessage, whole: number) => Disposable;
};

/** Cuts off a client that has not taken its answer for too long. */
const lookAtReader = (socket: Socket, readings: WeakMap<Socket, Reading>, pace: ReaderPace, now: number): void => {
  const waiting = socket.writableLength;
  if (waiting === 0) return void readings.delete(socket);
  const taken = socket.bytesWritten - waiting;
  const last = readings.get(socket);
  if (last?.taken !== taken) return void readings.set(socket, { taken, since: now });
  if (isSlowReader(waiting, now - last.since, pace)) socket.destroy();
};

/**
 * Looks at all connections from time to time: `tooSlow` is called for a body that drips, and a client that does not take
 * its answer is cut off, for each of them holds a descriptor and buffers for as long as it likes.
 */
export const watchPace = ({
  held,
  timeouts,
  clock,
  tooSlow,
}: {
  readonly held: () => Iterable<Socket>;
  readonly timeouts: Timeouts;
  readonly clock: Clock;
  readonly tooSlow: (socket: Socket, fault: Fault) => void;
}): PaceWatch => {
  const bodies = new Map<IncomingMessage, Body>();
  const readings = new WeakMap<Socket, Reading>();
  let lookedAt = clock.elapsed();

  const lookAtBody = (request: IncomingMessage, body: Body, now: number) => {
    // Full buffers: the disk or a program of ours is what is slow.
    if (request.readableLength >= request.readableHighWaterMark) {
      body.startedAt += now - lookedAt;
      body.lastByteAt = now;
    }
    const bytes = request.socket.bytesRead - body.bytesBefore;
    if (bytes > body.bytes) {
      body.bytes = bytes;
      body.lastByteAt = now;
    }
    const { startedAt, lastByteAt, whole } = body;
    const why = whySlowBody({ ms: now - startedAt, silentMs: now - lastByteAt, bytes, whole }, timeouts.body);
    if (why === undefined) return;
    bodies.delete(request);
    tooSlow(
      request.socket,
      new Fault('request_timeout', `${why}. Send it again over a better line, or a smaller one.`),
    );
  };

  const looking = clock.every(timeouts.lookEveryMs, () => {
    const now = clock.elapsed();
    for (const [request, body] of bodies) lookAtBody(request, body, now);
    for (const socket of held()) lookAtReader(socket, readings, timeouts.reader, now);
    lookedAt = now;
  });

  return {
    follow: (request, whole) => {
      const now = clock.elapsed();
      bodies.set(request, { whole, bytesBefore: request.socket.bytesRead, startedAt: now, lastByteAt: now, bytes: 0 });
      return { [Symbol.dispose]: () => void bodies.delete(request) };
    },
    [Symbol.dispose]: () => looking[Symbol.dispose](),
  };
};
