import type { Socket } from 'node:net';
import type { Clock } from '../../../base/clock.ts';
import { clientAddress } from './client-address.ts';

/** How many connections the API holds. */
export type ConnectionBounds = {
  readonly all: number;
  /** From one client; see `clientAddress`. */
  readonly perAddress: number;
};

/**
 * The life of a connection:
 *
 *            admit                    begins                   ends
 *   (new) ──────────▶ idle stranger ─────────▶ busy stranger ─────────▶ idle stranger
 *     │ no room            │ gives its place         │ shows a token
 *     ▼                    ▼ to a newer one          ▼
 *   refused             refused                    known, until it closes
 */
export type Connections = {
  /** Whether the connection may stay; one that may not has been refused. */
  readonly admit: (socket: Socket) => boolean;
  /** A request has come on it. */
  readonly begins: (socket: Socket) => void;
  /** Its answer has gone out. */
  readonly ends: (socket: Socket) => void;
  /** It has shown a token that is valid. */
  readonly isKnown: (socket: Socket) => void;
  /** Those that are held now. */
  readonly held: () => Iterable<Socket>;
  readonly count: () => number;
};

// As long as a client needs to send its request over a slow line.
const placeMs = 250;

/**
 * Counts connections, in all and for each client. When all places are taken, the connection that has stayed longest
 * without a request and without ever having shown a token gives its place to the new one: a client that holds connections open
 * keeps no other out. `refuse` tells a connection so and closes it.
 */
export const makeConnections = (
  { all, perAddress }: ConnectionBounds,
  clock: Clock,
  refuse: (socket: Socket) => void,
): Connections => {
  const held = new Map<Socket, string | undefined>();
  const byAddress = new Map<string, number>();
  // The longest idle first: a Map keeps the order of insertion.
  const idleStrangers = new Map<Socket, number>();
  const known = new WeakSet<Socket>();

  const count = (address: string | undefined, by: number) => {
    if (address === undefined) return;
    const now = (byAddress.get(address) ?? 0) + by;
    if (now > 0) byAddress.set(address, now);
    else byAddress.delete(address);
  };
  const forget = (socket: Socket) => {
    if (!held.has(socket)) return;
    count(held.get(socket), -1);
    held.delete(socket);
    idleStrangers.delete(socket);
  };
  const hasRoom = (): boolean => {
    if (held.size < all) return true;
    const [oldest] = idleStrangers;
    if (oldest === undefined || clock.elapsed() - oldest[1] < placeMs) return false;
    forget(oldest[0]);
    refuse(oldest[0]);
    return true;
  };

  return {
    admit: (socket) => {
      // Its first request asked for another protocol, and is read again.
      if (held.has(socket)) return true;
      const address = clientAddress(socket.remoteAddress ?? '');
      const isFull = address !== undefined && (byAddress.get(address) ?? 0) >= perAddress;
      if (isFull || !hasRoom()) {
        refuse(socket);
        return false;
      }
      held.set(socket, address);
      count(address, 1);
      idleStrangers.set(socket, clock.elapsed());
      socket.once('close', () => forget(socket));
      return true;
    },
    begins: (socket) => void idleStrangers.delete(socket),
    ends: (socket) => {
      if (held.has(socket) && !known.has(socket)) idleStrangers.set(socket, clock.elapsed());
    },
    isKnown: (socket) => void known.add(socket),
    held: () => held.keys(),
    count: () => held.size,
  };
};
