import type { FastifyRequest } from 'fastify';
import { Fault } from '../../base/fault.ts';
import { hashOf } from './tokens.ts';

const cookieName = 'imaged_session';

/** The header that our page sends with what changes something: another site's page cannot, without being allowed to first. */
export const pageHeader = 'x-imaged-page';

// RFC 6265, 4.2.1; base64url of 256 bits.
const pattern = new RegExp(`(?:^|;)\\s*${cookieName}=([A-Za-z0-9_-]{43})(?:;|$)`);

/** The hash of the session's secret in its cookie; undefined where there is none. */
export const sessionHashOf = ({ headers }: Pick<FastifyRequest, 'headers'>): Uint8Array | undefined => {
  const secret = pattern.exec(headers.cookie ?? '')?.[1];
  return secret === undefined ? undefined : hashOf(secret);
};

// A browser says where a page came from: with https, over TLS, whatever the proxy in front of us says or does not say.
const isOverTls = ({ headers }: Pick<FastifyRequest, 'headers'>): boolean =>
  headers.origin?.startsWith('https://') === true || headers['x-forwarded-proto'] === 'https';

/**
 * The value of `Set-Cookie` that gives a browser its session, for so many seconds; 0 takes it away. Scripts cannot read
 * it, and no other site's request carries it.
 */
export const setSessionCookie = (
  request: Pick<FastifyRequest, 'headers'>,
  secret: string,
  maxAgeSeconds: number,
): string =>
  [
    `${cookieName}=${secret}`,
    'Path=/',
    `Max-Age=${maxAgeSeconds}`,
    'HttpOnly',
    'SameSite=Strict',
    ...(isOverTls(request) ? ['Secure'] : []),
  ].join('; ');

const hostOf = (origin: string): string | undefined => (URL.canParse(origin) ? new URL(origin).host : undefined);

/** Throws `foreign_request` where the browser says that the page of another site made the request. */
export const refuseForeign = ({ headers }: Pick<FastifyRequest, 'headers'>): void => {
  const { origin, host } = headers;
  // Fetch Metadata (W3C): sent over TLS and on this host, and right whatever a proxy makes of Host.
  const site = headers['sec-fetch-site'];
  const isForeign =
    site === undefined ? origin !== undefined && hostOf(origin) !== host : site !== 'same-origin' && site !== 'none';
  if (isForeign)
    throw new Fault(
      'foreign_request',
      `The request was made by a page of ${origin ?? 'another site'}, and this is ${host}. Use the page that this host serves at /; a proxy in front of it has to pass Host on.`,
      { expected: host ?? '', saw: origin ?? String(site) },
    );
};

/** As `refuseForeign`, of a request that changes something in the name of a session. */
export const checkOwnPage = (request: Pick<FastifyRequest, 'headers'>): void => {
  refuseForeign(request);
  if (request.headers[pageHeader] === undefined)
    throw new Fault(
      'foreign_request',
      `A request with a session's cookie that changes something needs the header ${pageHeader}: 1. With a token it does not: send "Authorization: Bearer imgd_...".`,
      { expected: pageHeader, saw: '' },
    );
};
