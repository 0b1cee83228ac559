import type { FastifyRequest } from 'fastify';
import { Fault } from '../../base/fault.ts';

const hostOf = (origin: string): string | undefined => {
  try {
    return new URL(origin).host;
  } catch {
    return undefined;
  }
};

/**
 * Throws `foreign_origin` where a browser sends the request for a page of another site (RFC 6454, 7; RFC 6455, 10.2): the
 * cookies of its user come with it. What is no browser names no origin, and is let in by its token alone.
 */
export const checkOrigin = ({ headers: { origin, host } }: Pick<FastifyRequest, 'headers'>): void => {
  if (origin === undefined) return;
  const asking = hostOf(origin);
  if (asking !== undefined && asking !== '' && asking === host?.toLowerCase()) return;
  throw new Fault(
    'foreign_origin',
    `The page that asks is of ${JSON.stringify(origin.slice(0, 200))}, and this is ${JSON.stringify(host ?? '')}. Only pages of this host may; a proxy in front must pass on the Host header.`,
    { expected: host ?? '', saw: origin.slice(0, 200) },
  );
};
