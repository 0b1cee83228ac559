import { z } from 'zod';
import type { Clock } from '../../base/clock.ts';
import { Fault } from '../../base/fault.ts';
import { orAborted } from '../../base/waiting.ts';
import { ProblemCode } from '../../base/records/fault-record.ts';
import { wholeBody } from '../api/body.ts';
import type { DownloadApi } from './types.ts';

const Problem = z.object({ code: ProblemCode, detail: z.string() });

// After that long without a byte another try is worth more than waiting on.
const silentMs = 30_000;

/** A failure that may pass: the line, the daemon, or what lies between them. */
export const passing = (message: string, cause?: unknown): Fault => new Fault('fetch_failed', message, {}, { cause });

export const mayPass = (error: unknown): boolean => error instanceof Fault && error.code === 'fetch_failed';

/** Runs the work with a signal that aborts when it takes too long, which is a failure that may pass. */
export const unlessSilent = async <T>(
  work: (signal: AbortSignal) => Promise<T>,
  what: string,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<T> => {
  using deadline = clock.deadline(silentMs, signal, () => passing(`${what}: nothing came for ${silentMs / 1000} s`));
  try {
    return await orAborted(work(deadline.signal), deadline.signal);
  } catch (error) {
    signal.throwIfAborted();
    deadline.signal.throwIfAborted();
    if (error instanceof Fault) throw error;
    // fetch says only that it failed; why, its cause says.
    const why = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw passing(`${what}: ${why instanceof Error ? why.message : String(why)}`, error);
  }
};

// A problem names at most 100 places.
const longestProblem = 1024 * 1024;

/** The fault of a reply that is none of those asked for: the API's own, or what stands between says something. */
const faultOf = async (reply: Response, what: string): Promise<Fault> => {
  const text = (await wholeBody(reply, longestProblem).catch(() => '')).toString();
  const isLater = reply.status >= 500 || reply.status === 429 || reply.status === 408;
  if (isLater) return passing(`${what}: the answer is ${reply.status}`);
  try {
    const { code, detail } = Problem.parse(JSON.parse(text));
    return new Fault(code, detail);
  } catch {
    return new Fault('bad_request', `${what}: the answer is ${reply.status}, and no problem document of imaged.`);
  }
};

/** Asks the API. Throws its fault, or one that may pass. A redirect is not followed: the token is for this host. */
export const askApi = async (
  api: DownloadApi,
  path: string,
  {
    statuses,
    headers = {},
    method = 'GET',
  }: {
    readonly statuses: readonly number[];
    readonly headers?: Readonly<Record<string, string>>;
    readonly method?: 'GET' | 'HEAD';
  },
  signal: AbortSignal,
): Promise<Response> => {
  const own = {
    'accept-encoding': 'identity',
    ...(api.token === undefined ? {} : { authorization: `Bearer ${api.token}` }),
  };
  const reply = await fetch(`${api.url}${path}`, {
    method,
    headers: { ...own, ...headers },
    redirect: 'error',
    signal,
  });
  if (!statuses.includes(reply.status)) throw await faultOf(reply, path);
  return reply;
};
