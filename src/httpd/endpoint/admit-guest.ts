import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { systemClock } from '../../base/clock.ts';
import type { ListenAt } from '../../base/hardware.ts';
import { admitOnly } from '../../base/http/admit-only.ts';
import { makeLingeringClose } from '../../base/http/lingering-close.ts';
import type { EndpointLimits } from './limits.ts';
import type { Lockout } from './lockout.ts';
import type { RequestLog } from './request-log.ts';

// Refused connections that still hold a descriptor.
const maxLingering = 2;

const noRoom = 'HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n';

// A listener on :: sees IPv4 peers in their mapped form (RFC 4291, 2.5.5.2).
const plainAddress = (socket: Socket) => socket.remoteAddress?.replace(/^::ffff:/i, '');

/**
 * After its last reply a connection waits for its peer to close too, for so long: only then it is known whether a Unix peer
 * has read what it was given.
 */
const closeByHalves = (socket: Socket, withinMs: number, closing: Set<Socket>) => {
  socket.destroySoon = () => {
    closing.add(socket);
    socket.end();
    socket.resume();
    const late = setTimeout(() => socket.destroy(), withinMs);
    socket.once('close', () => {
      clearTimeout(late);
      closing.delete(socket);
    });
  };
};

/** Lets in the connections of the one guest, as many as it may hold. Disposing it cuts those that were refused. */
export const admitGuest = (
  server: Server,
  at: ListenAt,
  {
    limits,
    requests,
    lockout,
  }: { readonly limits: EndpointLimits; readonly requests: RequestLog; readonly lockout: Lockout },
): Disposable => {
  const lingering = makeLingeringClose({ most: maxLingering, withinMs: limits.leaveMs, clock: systemClock });
  const held = new Set<Socket>();
  const closing = new Set<Socket>();
  let isFull = false;
  admitOnly(server, (socket) => {
    if ('peer' in at && plainAddress(socket) !== at.peer) {
      requests.tellStranger(socket, 403, `only ${at.peer} may connect`);
      socket.destroy();
      return false;
    }
    if (lockout.isOn()) {
      socket.destroy();
      return false;
    }
    if (held.size >= limits.connections) {
      // One that has its reply makes room: no guest is refused for what its host still waits to hear.
      const [answered] = closing;
      if (answered !== undefined) held.delete(answered.destroy());
    }
    if (held.size >= limits.connections) {
      // Once, until there is room again: a guest must not fill its build's log by knocking.
      if (!isFull) requests.tellStranger(socket, 503, `the guest holds ${held.size} connections, which is all it may`);
      isFull = true;
      lingering.close(socket, noRoom);
      return false;
    }
    held.add(socket);
    isFull = false;
    socket.once('close', () => held.delete(socket));
    requests.follow(socket);
    if ('path' in at) closeByHalves(socket, limits.closeMs, closing);
    return true;
  });
  return lingering;
};
