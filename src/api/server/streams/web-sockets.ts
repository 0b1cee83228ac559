import { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import websocket from '@fastify/websocket';
import type { App } from '../app.ts';

/** Bytes of one message that a client may send, as of a body that is typed: the socket is closed with 1009 beyond. */
export const longestMessage = 64 * 1024;

/** How long a client may take to answer that its socket is closed, before its connection is cut. */
const leaveMs = 1000;

/**
 * Whether a request asks for a WebSocket, in the one way that there is (RFC 6455, 4.1): 16 bytes as its key, and version 13.
 * Any other is answered as what it would be without, by a problem.
 */
const asksForSocket = ({ method, headers }: Pick<IncomingMessage, 'method' | 'headers'>): boolean =>
  method === 'GET' &&
  /(?:^|,)\s*websocket\s*(?:,|$)/i.test(headers.upgrade ?? '') &&
  /^[+/0-9A-Za-z]{22}==$/.test(headers['sec-websocket-key'] ?? '') &&
  headers['sec-websocket-version'] === '13';

/** Whether a request has a body (RFC 9112, 6.3). */
const hasBody = ({ headers }: Pick<IncomingMessage, 'headers'>): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

/** The head of a request as it came, but for what asks for another protocol. */
const headWithoutUpgrade = ({ method, url, rawHeaders, headers }: IncomingMessage): string => {
  const kept: string[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const [name = '', value = ''] = rawHeaders.slice(at, at + 2);
    if (!['upgrade', 'connection', 'http2-settings'].includes(name.toLowerCase())) kept.push(`${name}: ${value}\r\n`);
  }
  if (/\bclose\b/i.test(headers.connection ?? '')) kept.push('Connection: close\r\n');
  return `${method} ${url} HTTP/1.1\r\n${kept.join('')}\r\n`;
};

/**
 * Lets routes with a `wsHandler` be opened as WebSockets, at the paths that `takes` names. To be called before
 * any hook or route is added: it must see each request first to close the connection of one that is refused.
 *
 * A server of Node's that takes upgrades reads no further in any request that asks for one, and clients ask for HTTP/2 in
 * whatever they send first (Java's, curl --http2). A server may ignore that (RFC 9110, 7.8): such a request is
 * read again without its asking, as if the connection had just begun.
 */
export const addWebSockets = async (app: App, takes: (path: string) => boolean): Promise<void> => {
  const upgrades = new EventEmitter();
  const isOurs = (request: IncomingMessage) => asksForSocket(request) && takes(request.url ?? '');
  // Node 26 keeps a body back from who takes the upgrade. Where Node asks (22.21, 24.9), it reads such a request itself; of one
  // without a body it would lose what the client has sent behind it. The types do not know it yet.
  Object.assign(app.server, {
    shouldUpgradeCallback: (request: IncomingMessage) => isOurs(request) || !hasBody(request),
  });
  app.server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    if (isOurs(request)) return void upgrades.emit('upgrade', request, socket, head);
    socket.unshift(Buffer.concat([Buffer.from(headWithoutUpgrade(request), 'latin1'), head]));
    app.server.emit('connection', socket);
  });
  // The types of ws do not know `closeTimeout` yet: a literal in the call would be refused.
  const options = {
    // The plugin listens for upgrades there, and asks for nothing else.
    server: upgrades as typeof app.server,
    maxPayload: longestMessage,
    // A route answers pings as far as its client takes the answers.
    autoPong: false,
    closeTimeout: leaveMs,
  };
  await app.register(websocket, {
    options,
    // Each socket is closed by its route when the daemon stops.
    preClose: (done) => done(),
    errorHandler: (error, socket, request) => {
      request.log.debug({ err: error }, 'a WebSocket broke off');
      // One that has failed by itself is closing already.
      socket.close(1011);
    },
  });
};
