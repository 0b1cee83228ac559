import { createServer, type Socket } from 'node:net';
import { isErrno } from '../../base/errno.ts';
import { Fault } from '../../base/fault.ts';

/**
 * A port that all machines share: where a packet filter redirects what guests ask of port 80 (pf.conf(5), rdr-to
 * 127.0.0.1). The guest's own address, which a redirection keeps, says whose endpoint is meant.
 */
export type SharedListener = AsyncDisposable & {
  /** Hands every connection from this address to `take`, until disposed. */
  readonly admit: (peer: string, take: (socket: Socket) => void) => Disposable;
};

/** Opens it. Connections from an address of no machine are destroyed unread. Throws `endpoint_failed`. */
export const openSharedListener = async (at: {
  readonly host: string;
  readonly port: number;
}): Promise<SharedListener> => {
  const takers = new Map<string, (socket: Socket) => void>();
  // As an HTTP server has it: a client may close its half and still wait for the reply.
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    const take = takers.get(socket.remoteAddress ?? '');
    if (take) take(socket);
    else socket.destroy();
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: Error) => {
      const why = isErrno(cause, 'EADDRINUSE') ? 'another program listens there already' : cause.message;
      const place = `${at.host}:${at.port}`;
      reject(new Fault('endpoint_failed', `${place} cannot be used for endpoints: ${why}.`, { place }, { cause }));
    });
    server.listen(at.port, at.host, resolve);
  });
  // To take a connection may fail for want of descriptors: the guest comes again.
  server.on('error', () => undefined);
  return {
    admit: (peer, take) => {
      takers.set(peer, take);
      return {
        [Symbol.dispose]: () => {
          if (takers.get(peer) === take) takers.delete(peer);
        },
      };
    },
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
};
