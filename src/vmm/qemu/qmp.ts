/** A client of QEMU's machine protocol: one JSON object a line, answers matched by id (docs/interop/qmp-spec). */

import type { Socket } from 'node:net';
import { z } from 'zod';
import { Fault } from '../../base/fault.ts';
import { orAborted, deferred, type Deferred } from '../../base/waiting.ts';
import { connectUnix, isNobodyThere } from '../unix-socket.ts';

const Facts = z.record(z.string(), z.unknown());

const Timestamp = z.object({ seconds: z.number(), microseconds: z.number() });

const EventMessage = z.object({ event: z.string(), data: Facts.default({}), timestamp: Timestamp });

const Message = z.union([
  z.object({ QMP: Facts }),
  EventMessage,
  z.object({ return: z.unknown(), id: z.number() }),
  z.object({ error: z.object({ class: z.string(), desc: z.string() }), id: z.number().optional() }),
]);

export type QmpEvent = {
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** When it happened, by QEMU's clock: Unix milliseconds. */
  readonly atMs: number;
};

export type Qmp = AsyncDisposable & {
  /** Asks QEMU and returns what it answers. Throws `hypervisor_failed` on a refusal, `hypervisor_unavailable` when closed. */
  readonly execute: (
    command: string,
    facts: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
  ) => Promise<unknown>;
  /** Settles when the connection has closed and every event has been told; never rejects. */
  readonly closed: Promise<void>;
};

const closedFault = () => new Fault('hypervisor_unavailable', 'QEMU has closed its control socket.');

const eventOf = ({ event, data, timestamp }: z.output<typeof EventMessage>): QmpEvent => ({
  ...{ event, data },
  atMs: timestamp.seconds * 1000 + timestamp.microseconds / 1000,
});

/** Whether QEMU has answered a command, by what it has written to a control line. */
export const hasAnswered = (told: string): boolean => told.includes('{"return":');

const eventIn = (line: string): QmpEvent | undefined => {
  try {
    return eventOf(EventMessage.parse(JSON.parse(line)));
  } catch {
    // A part of a line, or an answer.
    return undefined;
  }
};

/** The events among what QEMU has written to a control line, of which the first and the last may not be whole. */
export const eventsIn = (told: string): readonly QmpEvent[] =>
  told
    .split('\n')
    .map(eventIn)
    .filter((event) => event !== undefined);

type Waiting = {
  readonly asked: Map<number, Deferred<unknown>>;
  readonly greeting: Deferred<void>;
  readonly onEvent: (event: QmpEvent) => void;
};

/** Reads one line of QEMU's, and tells who waits for it. Throws on what QEMU never says. */
const makeReader = ({ asked, greeting, onEvent }: Waiting) => {
  const answer = (id: number | undefined, settle: (asked: Deferred<unknown>) => void) => {
    const waiting = id === undefined ? undefined : asked.get(id);
    if (id === undefined || waiting === undefined) return;
    asked.delete(id);
    settle(waiting);
  };
  return (line: string): void => {
    const message = Message.parse(JSON.parse(line));
    if ('QMP' in message) greeting.resolve();
    else if ('event' in message) {
      onEvent(eventOf(message));
    } else if ('error' in message) {
      const fault = new Fault('hypervisor_failed', `QEMU refused a command: ${message.error.desc}`, {
        class: message.error.class,
      });
      answer(message.id, (waiting) => waiting.reject(fault));
    } else answer(message.id, (waiting) => waiting.resolve(message.return));
  };
};

const readLines = (socket: Socket, read: (line: string) => void): void => {
  let rest = '';
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    try {
      for (const line of lines) read(line);
    } catch (error) {
      // What QEMU never says: nothing after it can be trusted, and `close` tells those who wait.
      socket.destroy(error instanceof Error ? error : undefined);
    }
  });
};

/** Whether it failed because QEMU has closed its control socket, or never opened it: it ends, or has not come so far. */
export const hasClosed = (error: unknown): boolean =>
  isNobodyThere(error) || (error instanceof Fault && error.code === 'hypervisor_unavailable');

/**
 * Connects, and resolves when QEMU has answered, which it does once the machine is complete. Every event is told to
 * `onEvent`, in order. Rejects with the error of connect(2), with a Fault, or with the signal's reason.
 */
export const openQmp = async (path: string, onEvent: (event: QmpEvent) => void, signal: AbortSignal): Promise<Qmp> => {
  const socket = await connectUnix(path, signal);
  const greeting = deferred<void>();
  const closed = deferred<void>();
  const asked = new Map<number, Deferred<unknown>>();
  let lastId = 0;

  const read = makeReader({ asked, greeting, onEvent });
  readLines(socket, read);
  let cause: Error | undefined;
  socket.on('error', (error) => (cause = error));
  socket.on('close', () => {
    const fault = cause ? new Fault('hypervisor_unavailable', cause.message, {}, { cause }) : closedFault();
    greeting.reject(fault);
    for (const waiting of asked.values()) waiting.reject(fault);
    asked.clear();
    closed.resolve();
  });

  const execute: Qmp['execute'] = async (command, facts, signal) => {
    if (socket.destroyed || !socket.writable) throw closedFault();
    const id = ++lastId;
    const waiting = deferred<unknown>();
    asked.set(id, waiting);
    socket.write(`${JSON.stringify({ execute: command, arguments: facts, id })}\n`);
    try {
      return await orAborted(waiting.promise, signal);
    } finally {
      asked.delete(id);
    }
  };

  try {
    await orAborted(greeting.promise, signal);
    await execute('qmp_capabilities', {}, signal);
  } catch (error) {
    socket.destroy();
    throw error;
  }
  return {
    execute,
    closed: closed.promise,
    async [Symbol.asyncDispose]() {
      socket.destroy();
      await closed.promise;
    },
  };
};
