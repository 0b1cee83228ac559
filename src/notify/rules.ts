import type { AfterAttempt, AttemptEnd } from '../queue/deliveries.ts';

const secondMs = 1000;
const hourMs = 3_600_000;

/** The pause after the first attempt that failed; each later one is twice as long, up to the longest. */
const firstPauseMs = 10 * secondMs;
export const longestPauseMs = 6 * hourMs;

/** How long a delivery is tried. */
const givenUpAfterMs = 72 * hourMs;

/** How much of a pause is left to chance, so that many deliveries do not come back at one moment. */
const spread = 0.1;

/** Milliseconds of a `Retry-After` header, in seconds or as a date (RFC 9110, 10.2.3); undefined where it says neither. */
const retryAfterMs = (header: string | undefined, now: number): number | undefined => {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
};

/**
 * What follows an attempt. Every answer of 200 to 299 is the receiver's word that it has it; 410 that it wants no more;
 * all else is tried again, as the Standard Webhooks specification has it.
 *
 *     pending --2xx--> delivered
 *        |  \--410, not allowed, 72 h over--> failed
 *        \--all else, after a pause--> pending
 */
export const afterAttempt = (
  {
    status,
    error,
    isRefused = false,
    retryAfter,
  }: Pick<AttemptEnd, 'status' | 'error'> & {
    /** The configuration does not let it be reached. */
    readonly isRefused?: boolean;
    readonly retryAfter?: string;
  },
  { createdAt, attempts }: { readonly createdAt: number; readonly attempts: number },
  now: number,
  random: () => number,
): AfterAttempt => {
  if (status !== undefined && status >= 200 && status <= 299) return { state: 'delivered' };
  if (status === 410) return { state: 'failed', why: 'the receiver answered 410: it wants no more' };
  if (isRefused) return { state: 'failed', why: error ?? 'the configuration does not let it be reached' };
  const doubled = firstPauseMs * 2 ** Math.min(attempts, 20);
  const own = Math.min(doubled, longestPauseMs) * (1 + spread * random());
  const asked = Math.min(retryAfterMs(retryAfter, now) ?? 0, longestPauseMs);
  const nextAt = now + Math.round(Math.min(Math.max(own, asked), longestPauseMs));
  if (nextAt > createdAt + givenUpAfterMs)
    return {
      state: 'failed',
      why: `given up after ${attempts + 1} attempts in ${Math.round((now - createdAt) / hourMs)} hours`,
    };
  return { state: 'pending', nextAt };
};
