import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { withoutBrackets } from '../../base/http/host-port.ts';
import { shownBy, type Peer } from '../../outward/peer.ts';

/** A port of this host that leads to one server, for one connection. */
export type Relay = AsyncDisposable & {
  readonly port: number;
  /** Why the server could not be reached, once that is so. */
  readonly failure: () => unknown;
};

/**
 * Opens one. The server's name is looked up here, so that the address that the peer's reach has judged is the one that is
 * connected to; `tell` hears how many bytes have been handed to it.
 */
export const openRelay = async (url: URL, port: number, peer: Peer, tell: (bytes: number) => void): Promise<Relay> => {
  const sockets = new Set<Socket>();
  const hold = (socket: Socket) => sockets.add(socket.once('close', () => sockets.delete(socket)));
  let failure: unknown;
  let sent = 0;
  const server = createServer((near) => {
    server.close();
    const lookup = peer.reach === undefined ? {} : { lookup: peer.reach.lookup(url, shownBy(peer, url)) };
    const far = connect({ host: withoutBrackets(url.hostname), port, ...lookup });
    hold(near.on('error', () => undefined));
    hold(far.on('error', (error) => (failure ??= error)));
    near.on('data', (bytes) => tell((sent += bytes.length)));
    near.pipe(far).pipe(near);
    near.once('close', () => far.destroy());
    far.once('close', () => near.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('A server that listens has no port');
  return {
    port: address.port,
    failure: () => failure,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      if (!server.listening) return;
      server.close();
      await once(server, 'close');
    },
  };
};
