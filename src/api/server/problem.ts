import { asFault, Fault, faults, type FaultCode } from '../../base/fault.ts';
import type { ProblemDocument } from '../contract/common.ts';

/** What Fastify, Node's HTTP parser and their plug-ins say of a request, as rows of our table. */
const codeByStatus: Readonly<Record<number, FaultCode>> = {
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not_found',
  405: 'method_not_allowed',
  406: 'not_acceptable',
  408: 'request_timeout',
  412: 'precondition_failed',
  413: 'too_large',
  414: 'headers_too_large',
  415: 'unsupported_media_type',
  416: 'range_not_satisfiable',
  431: 'headers_too_large',
};

/** Node's parser tells by code what Fastify tells by status. */
const codeByErrno: Readonly<Record<string, FaultCode>> = {
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
  ECONNRESET: 'bad_request',
  ERR_STREAM_PREMATURE_CLOSE: 'bad_request',
};

const textOf = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null && key in value ? Reflect.get(value, key) : undefined;

/** The one place where an error of a request becomes a fault. What a client sent never becomes a 5xx. */
export const faultOfRequest = (error: unknown): Fault => {
  if (error instanceof Fault) return error;
  const code = textOf(error, 'code');
  const message = error instanceof Error ? error.message : String(error);
  const byErrno = typeof code === 'string' ? codeByErrno[code] : undefined;
  if (byErrno) return new Fault(byErrno, `The request cannot be read: ${message}.`, {}, { cause: error });
  if (typeof code === 'string' && code.startsWith('HPE_'))
    return new Fault('bad_request', `The request is not HTTP as RFC 9112 has it: ${message}.`, {}, { cause: error });
  // Fastify repeats the whole address, with the values of variables that its query may hold.
  if (code === 'FST_ERR_BAD_URL')
    return new Fault(
      'bad_request',
      'The path of the address cannot be read: "%" stands before two hexadecimal digits, and what these make is UTF-8.',
      {},
      { cause: error },
    );
  const status = textOf(error, 'statusCode');
  if (status === 415)
    return new Fault(
      'unsupported_media_type',
      'The Content-Type cannot be read: send one type, such as application/json.',
      {},
      { cause: error },
    );
  if (typeof status === 'number' && status >= 400 && status < 500)
    return new Fault(codeByStatus[status] ?? 'bad_request', message, {}, { cause: error });
  return asFault(error);
};

/**
 * A fault as RFC 9457 has it. `about.instance` is the path that was asked for. Of a defect of ours nothing is told
 * but the request's id, under which the log has the rest.
 */
export const problemOf = (
  fault: Fault,
  about: { readonly requestId: string; readonly instance: string },
): ProblemDocument & { readonly build?: unknown; readonly run?: unknown } => {
  const row = faults[fault.code];
  const { errors, expected, saw, shownBuild, shownRun } = fault.facts;
  return {
    type: `/problems/${fault.code}`,
    title: row.title,
    status: row.status,
    detail:
      row.class === 'internal'
        ? `imaged did not foresee this. Its log has the reason under request ${about.requestId}.`
        : fault.message,
    instance: about.instance,
    code: fault.code,
    request_id: about.requestId,
    ...(errors === undefined ? {} : { errors: [...errors] }),
    ...(expected === undefined ? {} : { expected }),
    ...(saw === undefined ? {} : { saw }),
    ...(shownBuild === undefined ? {} : { build: shownBuild }),
    ...(shownRun === undefined ? {} : { run: shownRun }),
  };
};

/** Whether the same request may do better in a moment. */
export const isTransient = (fault: Fault): boolean => [429, 503].includes(faults[fault.code].status);
