import type { FastifyRequest } from 'fastify';
import { Fault } from '../../../base/fault.ts';
import { refuseForeign } from './origin.ts';
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
