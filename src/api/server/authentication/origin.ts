import type { FastifyRequest } from 'fastify';
import { Fault } from '../../../base/fault.ts';

const hostOf = (origin: string): string | undefined => (URL.canParse(origin) ? new URL(origin).host : undefined);

// Fetch Metadata (W3C) says it where a browser sends it, over TLS and to the host itself, whatever a proxy makes of Host; else the
// origin does (RFC 6454, 7; RFC 6455, 10.2).
const isForeign = ({ 'sec-fetch-site': site, origin, host }: FastifyRequest['headers']): boolean => {
  if (site !== undefined) return site !== 'same-origin' && site !== 'none';
  if (origin === undefined) return false;
  const asking = hostOf(origin);
  return asking === undefined || asking === '' || asking !== host?.toLowerCase();
};

/**
 * Throws `foreign_request` where the browser says that the page of another site made the request: the cookies of its user come
 * with it. What is no browser says nothing of the kind, and is let in by its token alone.
 */
export const refuseForeign = ({ headers }: Pick<FastifyRequest, 'headers'>): void => {
  if (!isForeign(headers)) return;
  const { origin, host = '' } = headers;
  const saw = (origin ?? String(headers['sec-fetch-site'])).slice(0, 200);
  throw new Fault(
    'foreign_request',
    `The request was made by a page of ${origin === undefined ? 'another site' : JSON.stringify(saw)}, and this is ${JSON.stringify(host)}. Only pages of this host may, such as the one at /; a proxy in front of it has to pass Host on.`,
    { expected: host, saw },
  );
};
