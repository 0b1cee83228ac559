import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { untilTrue } from './fixtures/until-true.ts';

export type Received = { readonly headers: IncomingHttpHeaders; readonly body: string; readonly path: string };

export type Receiver = AsyncDisposable & {
  readonly url: string;
  readonly port: number;
  readonly received: readonly Received[];
  /** How the next requests are answered. */
  answer: (reply: ServerResponse, request: IncomingMessage) => void;
  /** Waits for so many requests in all. */
  readonly untilReceived: (count: number) => Promise<void>;
};

/** A receiver of webhooks that keeps what it was told, on a port of its own or on a given one. */
export const webhookReceiver = async (
  answer: Receiver['answer'] = (reply) => void reply.writeHead(204).end(),
  port = 0,
): Promise<Receiver> => {
  const received: Received[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((request, reply) => {
    void text(request).then(
      (body) => {
        received.push({ headers: request.headers, body, path: request.url ?? '' });
        receiver.answer(reply, request);
      },
      () => undefined,
    );
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  // A server that listens on a port has an address with one.
  const { port: own } = server.address() as AddressInfo;
  const receiver: Receiver = {
    url: `http://127.0.0.1:${own}/hook`,
    port: own,
    received,
    answer,
    untilReceived: (count) => untilTrue(() => received.length >= count),
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
  return receiver;
};
