import type { Socket } from 'node:net';
import type { RequestLog } from './request-log.ts';

// The codes of node:http and its parser, llhttp.
const refusals: Readonly<Record<string, readonly [number, string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout'],
};

/** Answers what is not an HTTP request, and closes its connection. */
export const refuseGarbage = (error: Error & { code?: string }, socket: Socket, requests: RequestLog): void => {
  const { code = '' } = error;
  const isGarbage = code.startsWith('HPE_') || code in refusals;
  // Behind a reply that is on its way nothing can be said, and a connection that broke by itself hears nothing.
  if (!isGarbage || !socket.writable || requests.waiting(socket) > 0) {
    socket.destroy();
    return;
  }
  const [status, title] = refusals[code] ?? [400, 'Bad Request'];
  requests.tellStranger(socket, status, `what came is not an HTTP request: ${code}`);
  socket.write(`HTTP/1.1 ${status} ${title}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  socket.destroySoon();
};
