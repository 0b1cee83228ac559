import { errnoOf } from '../../base/errno.ts';
import { ClientError } from '../client-error.ts';
import type { Server } from '../config/server.ts';
import { bytesOf } from './lines.ts';
import type { Problem } from './types.ts';

// A problem names at most 100 places; what is longer is no problem document.
const longestText = 1024 * 1024;

const isProblem = (value: unknown): value is Problem =>
  typeof value === 'object' && value !== null && 'code' in value && 'detail' in value && 'status' in value;

const problemIn = (text: string): Problem | undefined => {
  try {
    const value: unknown = JSON.parse(text);
    return isProblem(value) ? value : undefined;
  } catch {
    return undefined;
  }
};

const textOf = async (reply: Response): Promise<string> => {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of bytesOf(reply)) {
    pieces.push(piece);
    bytes += piece.byteLength;
    if (bytes > longestText) break;
  }
  return Buffer.concat(pieces).toString('utf8');
};

const secondsIn = (header: string | null): number | undefined =>
  header !== null && /^\d{1,6}$/.test(header) ? Number(header) : undefined;

/** What stands in for a daemon that does not run: a proxy says so with these. */
const behindProxy = [502, 503, 504];

/** The error for a reply that is no success. */
export const refusal = async (reply: Response, server: Server): Promise<ClientError> => {
  const problem = problemIn(await textOf(reply).catch(() => ''));
  if (problem !== undefined)
    return new ClientError('refused', problem.detail, {
      problem,
      retryAfterSeconds: secondsIn(reply.headers.get('retry-after')),
    });
  const found = `${server.url.origin} answered ${reply.status}, and not as imaged does`;
  if (behindProxy.includes(reply.status)) return new ClientError('unreachable', `${found}: is the daemon running?`);
  return new ClientError('refused', `${found}: is this the address of an imaged?`);
};

// What Node calls these is for programmers.
const reasons: Readonly<Record<string, string>> = {
  ENOTFOUND: 'no host has this name (ENOTFOUND)',
  EAI_AGAIN: 'the name server does not answer (EAI_AGAIN)',
  UND_ERR_SOCKET: 'the connection was closed before the reply was whole',
  UND_ERR_CONNECT_TIMEOUT: 'no connection came in time',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it speaks no TLS: write http:// in its address',
};

const words = (error: unknown): string => {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const known = reasons[errnoOf(cause) ?? ''];
  if (known !== undefined) return known;
  const [first = ''] = (cause instanceof Error ? cause.message || cause.name : String(cause)).split('\n');
  return first.replace(/[.\s]+$/, '');
};

/** The error for a request that got no reply. */
export const unreachable = (error: unknown, server: Server): ClientError =>
  new ClientError(
    'unreachable',
    `${server.url.origin} cannot be reached: ${words(error)}. Is imaged running there? IMAGED_URL or --host names another.`,
    { cause: error },
  );

/** The error for a reply of success that is none of imaged: something else answers there. */
export const noImaged = ({ url }: Server, cause?: unknown): ClientError =>
  new ClientError('refused', `${url.href} answered, and not as imaged does: is this the address of an imaged?`, {
    cause,
  });

/** Whether the same may go well a little later: the daemon is away or stopping, or has too much to do. */
export const mayPass = (error: unknown): boolean =>
  error instanceof ClientError &&
  (error.ending === 'unreachable' || [503, 429].includes(error.about.problem?.status ?? 0));
