import { createServer, type RequestListener, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { admitOnly } from '../../../base/http/admit-only.ts';
import type { Timeouts } from './timeouts.ts';

/**
 * Makes the servers that Fastify listens with, one for each address of the configured name: all admit connections by the
 * same count, and tell of errors in the same words. A connection that is not admitted never reaches the HTTP parser.
 */
export const makeServers =
  ({
    timeouts,
    admit,
    clientError,
    warn,
  }: {
    readonly timeouts: Timeouts;
    readonly admit: (socket: Socket) => boolean;
    readonly clientError: (error: Error, socket: Socket) => void;
    readonly warn: (facts: object, message: string) => void;
  }) =>
  (answer: RequestListener): Server => {
    const server = createServer(
      {
        headersTimeout: timeouts.headersMs,
        // How long a body may take depends on its size: see pace.ts.
        requestTimeout: 0,
        keepAliveTimeout: timeouts.strangerIdleMs,
        connectionsCheckingInterval: timeouts.lookEveryMs,
        maxHeaderSize: 16 * 1024,
        // Node would answer without a word: `addErrors` tells what is wrong.
        requireHostHeader: false,
      },
      answer,
    );
    // Every Expect is judged with its request, and refused in words: Node would answer without any.
    server.on('checkExpectation', answer);
    admitOnly(server, admit);
    server.on('clientError', clientError);
    server.on('error', (error) => {
      // Where it cannot listen, the caller of `listen` hears of it.
      if (server.listening) warn({ err: error }, 'a connection could not be taken');
    });
    return server;
  };
