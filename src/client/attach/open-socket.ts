import type { IncomingMessage } from 'node:http';
import WebSocket from 'ws';
import { wholeBody } from '../api/body.ts';
import { refusal, unreachable } from '../api/refusal.ts';
import type { Server } from '../config/server.ts';

/** What stands between may answer as well, in its own words and at any length. */
const largestProblem = 64 * 1024;

/** How long a daemon may take to answer that the socket is closed. */
const leaveMs = 500;

const handshakeMs = 15_000;

const refused = async (reply: IncomingMessage, server: Server) => {
  const retryAfter = reply.headers['retry-after'];
  const body = await wholeBody({ body: reply }, largestProblem).catch(() => '');
  const said = new Response(body.toString(), {
    status: reply.statusCode ?? 500,
    headers: retryAfter === undefined ? {} : { 'retry-after': retryAfter },
  });
  return refusal(said, server);
};

// Not the WebSocket that Node has itself: it does not tell why it was refused.
/** Opens a WebSocket at a path of the API. Throws a ClientError, as `Api` does, or the signal's reason. */
export const openSocket = (server: Server, path: string, signal: AbortSignal): Promise<WebSocket> =>
  new Promise((resolve, reject) => {
    const { url, token } = server;
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    // The types of ws do not know `closeTimeout` yet: a literal in the call would be refused.
    const options = { headers, handshakeTimeout: handshakeMs, closeTimeout: leaveMs };
    const socket = new WebSocket(`${url.href.replace(/^http/, 'ws').replace(/\/$/, '')}${path}`, options);
    const stop = () => {
      socket.terminate();
      // An abort reason is whatever its owner chose, an Error by this program's habit.
      reject(signal.reason as Error);
    };
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    const over = () => signal.removeEventListener('abort', stop);
    socket.once('open', () => {
      over();
      // Nothing of it is lost until somebody listens.
      socket.pause();
      resolve(socket);
    });
    socket.once('unexpected-response', (_request, reply) => {
      over();
      void refused(reply, server).then(reject);
    });
    socket.on('error', (cause) => {
      over();
      reject(unreachable(cause, server));
    });
  });
