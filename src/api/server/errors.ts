import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isErrno } from '../../base/errno.ts';
import { faultWithPlaces } from '../../base/document/document.ts';
import { Fault } from '../../base/fault.ts';
import type { Ids } from '../../base/ids.ts';
import { makeAllowed } from './allowed.ts';
import type { App } from './app.ts';
import { faultOfRequest, isTransient, problemOf } from './problem.ts';

const problemType = 'application/problem+json; charset=utf-8';

// Seconds.
const retryAfter = '5';

const pathOf = (url: string): string => url.split('?', 1)[0] ?? url;

const sendProblem = (request: FastifyRequest, reply: FastifyReply, fault: Fault): void => {
  const problem = problemOf(fault, { requestId: request.id, instance: pathOf(request.url) });
  if (problem.status >= 500) request.log.error({ err: fault, code: fault.code }, fault.message);
  if (isTransient(fault)) reply.header('retry-after', retryAfter);
  // A body that was not read to its end would be taken for the next request.
  if (!request.raw.complete) reply.header('connection', 'close');
  void reply
    .code(problem.status)
    .header('x-request-id', request.id)
    .header('cache-control', 'no-store')
    .header('x-content-type-options', 'nosniff')
    .removeHeader('content-disposition')
    .removeHeader('content-length')
    .removeHeader('repr-digest')
    .type(problemType)
    .send(JSON.stringify(problem));
};

/** What Fastify finds wrong before it knows the route: an address that cannot be decoded. */
export const answerFrameworkError = (error: Error, request: FastifyRequest, reply: FastifyReply): void =>
  sendProblem(request, reply, faultOfRequest(error));

/** A whole HTTP answer with a problem document, for a connection that has no request to answer. */
export const writtenProblem = (fault: Fault, ids: Ids): string => {
  const problem = problemOf(fault, { requestId: ids.id(), instance: '' });
  const body = JSON.stringify(problem);
  const later = isTransient(fault) ? `retry-after: ${retryAfter}\r\n` : '';
  return (
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? 'Error'}\r\ncontent-type: ${problemType}\r\n` +
    `content-length: ${Buffer.byteLength(body)}\r\n${later}cache-control: no-store\r\nconnection: close\r\n\r\n${body}`
  );
};

/** What Node finds wrong before there is a request: `say` writes the answer to the socket by hand, and closes it. */
export const answerClientError =
  (ids: Ids, say: (socket: Socket, text: string) => void) =>
  (error: Error, socket: Socket): void => {
    if (isErrno(error, 'ECONNRESET')) socket.destroy();
    else say(socket, writtenProblem(faultOfRequest(error), ids));
  };

// Of these Node keeps the first, and another program in front of it may judge by the last (RFC 9112, 3.2; RFC 9110, 5.3).
const singular: readonly string[] = ['host', 'authorization', 'origin'];

/** The header that a request has twice and may have once; undefined: there is none. */
const twiceIn = (rawHeaders: readonly string[]): string | undefined => {
  const seen = new Set<string>();
  return rawHeaders.find((text, index) => {
    const name = index % 2 === 0 ? text.toLowerCase() : '';
    if (!singular.includes(name)) return false;
    return seen.size === seen.add(name).size;
  });
};

/** What is wrong with the headers of a request, whatever it asks for; undefined: nothing. */
const wrongHeader = ({ raw }: FastifyRequest): Fault | undefined => {
  const twice = twiceIn(raw.rawHeaders);
  if (twice !== undefined) return new Fault('bad_request', `The header ${twice} comes twice. Send it once.`);
  // RFC 9112, 3.2.
  if (raw.headers.host === undefined && raw.httpVersion === '1.1')
    return new Fault('bad_request', 'The request has no header host, which HTTP/1.1 asks for. Send it.');
  const { expect } = raw.headers;
  if (expect !== undefined && !/^100-continue$/i.test(expect))
    return new Fault(
      'bad_request',
      'The header expect asks for what is not done here. Leave it out, or send "100-continue".',
    );
  return undefined;
};

/** Answers every error with a problem document, and sets what every reply carries. */
export const addErrors = (app: App): void => {
  const allowed = makeAllowed();
  app.addHook('onRoute', ({ url, method }) => allowed.add(url, method));

  app.addHook('onRequest', (request, reply, done) => {
    void reply
      .header('x-request-id', request.id)
      .header('x-content-type-options', 'nosniff')
      .header('cache-control', 'no-store');
    done(wrongHeader(request));
  });

  app.setErrorHandler(async (error, request, reply) => {
    const fault = faultOfRequest(error);
    const { documentSource } = request;
    sendProblem(request, reply, documentSource === null ? fault : await faultWithPlaces(fault, documentSource));
    return reply;
  });

  app.setNotFoundHandler((request, reply) => {
    const path = pathOf(request.url);
    const methods = allowed.at(path);
    if (methods.length > 0) {
      reply.header('allow', methods.join(', '));
      throw new Fault('method_not_allowed', `${path} takes ${methods.join(', ')}, not ${request.method}.`);
    }
    throw new Fault('not_found', `There is nothing at ${path}. GET /openapi.yaml has all there is.`);
  });

  app.addHook('onResponse', (request, reply, done) => {
    request.log.debug(
      {
        method: request.method,
        url: pathOf(request.url),
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime),
        token: request.tokenId,
      },
      'answered',
    );
    done();
  });
};
