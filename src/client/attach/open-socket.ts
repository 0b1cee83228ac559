import type { IncomingMessage } from 'node:http';
import WebSocket from 'ws';
import { z } from 'zod';
import { Fault } from '../../base/fault.ts';
import { ProblemCode } from '../../base/records/fault-record.ts';
import { wholeBody } from '../api/body.ts';

const Problem = z.object({ code: ProblemCode, detail: z.string() });

/** What stands between may answer as well, in its own words and at any length. */
const largestProblem = 64 * 1024;

/** How long a daemon may take to answer that the socket is closed. */
const leaveMs = 500;

const faultOf = async (reply: IncomingMessage): Promise<Fault> => {
  const said = (await wholeBody({ body: reply }, largestProblem).catch(() => '')).toString();
  try {
    const { code, detail } = Problem.parse(JSON.parse(said));
    return new Fault(code, detail);
  } catch {
    return new Fault('fetch_failed', `The console was not attached to: the answer is ${reply.statusCode}.`);
  }
};

// Not the WebSocket that Node has itself: it does not tell why it was refused.
/** Opens a WebSocket. Throws the API's fault, `fetch_failed` where the host is not reached, or the signal's reason. */
export const openSocket = (
  url: string,
  token: string | undefined,
  withinMs: number,
  signal: AbortSignal,
): Promise<WebSocket> =>
  new Promise((resolve, reject) => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    // The types of ws do not know `closeTimeout` yet: a literal in the call would be refused.
    const options = { headers, handshakeTimeout: withinMs, closeTimeout: leaveMs };
    const socket = new WebSocket(url, options);
    const stop = () => {
      socket.terminate();
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
      void faultOf(reply).then(reject);
    });
    socket.on('error', (cause) => {
      over();
      reject(new Fault('fetch_failed', `The console was not attached to: ${cause.message}.`, {}, { cause }));
    });
  });
