import { dayMs } from '../../base/records/day.ts';
import { isIP } from 'node:net';
import rateLimit from '@fastify/rate-limit';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Fault } from '../../base/fault.ts';
import { answers, json, nothing } from '../contract/answers.ts';
import { timeOf } from '../contract/common.ts';
import type { App } from '../server/app.ts';
import { asker } from '../server/authentication/auth.ts';
import { clientAddress } from '../server/connections/client-address.ts';
import { refuseForeign } from '../server/authentication/origin.ts';
import { pageHeader, sessionHashOf, setSessionCookie } from '../server/authentication/session-cookie.ts';
import { hashOf, type Bearers } from '../server/authentication/tokens.ts';
import type { ApiParts } from '../types.ts';
import { NewSession, LoggedIn } from './schema.ts';

const tags = ['Sessions'];

/** How long a browser stays logged in. */
const sessionMs = 7 * dayMs;

const tries = { max: 10, timeWindow: 60_000 } as const;

// Addresses whose tries are counted: the one that was quiet for longest is forgotten.
const countedAddresses = 5000;

/** Who tries: a proxy on this host adds whom it speaks for at the end (nginx, $proxy_add_x_forwarded_for). */
const addressOf = ({ ip, headers }: FastifyRequest): string => {
  const spokenFor = [headers['x-forwarded-for']].flat().at(-1)?.split(',').at(-1)?.trim() ?? '';
  return clientAddress(ip) ?? (isIP(spokenFor) === 0 ? undefined : clientAddress(spokenFor)) ?? 'this host';
};

const tooManyTries = () =>
  new Fault(
    'too_many_logins',
    `More than ${tries.max} tries to log in came within a minute from this address. Try again in a minute.`,
    { expected: `at most ${tries.max} a minute` },
  );

/** Logging in and out, and who one is; tries to log in are counted by address. */
export const addSessions = async (app: App, parts: ApiParts, bearerOf: Bearers): Promise<void> => {
  await app.register(rateLimit, {
    ...{ global: false, cache: countedAddresses, keyGenerator: addressOf, errorResponseBuilder: tooManyTries },
    addHeaders: { 'x-ratelimit-limit': false, 'x-ratelimit-remaining': false, 'x-ratelimit-reset': false },
  });
  addLoginRoute(app, parts, bearerOf);
  addSessionLookRoute(app, parts);
  addLogoutRoute(app, parts);
};

const addLoginRoute = (app: App, { store, clock, ids }: ApiParts, bearerOf: Bearers): void => {
  app.post('/session', {
    config: { scope: 'none', rateLimit: tries },
    schema: {
      tags,
      operationId: 'logIn',
      summary: 'Log in with a token',
      description:
        'For browsers: the answer sets a cookie that stands for the token, with its scopes, for a week, and no longer than ' +
        'the token itself is valid. Revoking the token ends its sessions. ' +
        `A request with the cookie that changes something needs the header \`${pageHeader}: 1\`, and comes from a page of this host. ` +
        `At most ${tries.max} tries a minute from one address.`,
      body: NewSession,
      response: answers(
        { 201: json(LoggedIn, 'Logged in.', { 'Set-Cookie': { description: 'The session.' } }) },
        [400, 401, 403, 415, 429],
      ),
    },
    handler: async (request, reply) => {
      refuseForeign(request);
      const token = await bearerOf(request.body.token.trim());
      if (token === undefined)
        throw new Fault(
          'unauthorized',
          'The token is not known, was revoked, or has expired. Make one with "imaged token add".',
        );
      const now = clock.now();
      const expiresAt = Math.min(now + sessionMs, token.expiresAt ?? Infinity);
      const secret = ids.secret();
      await store.addSession({ hash: hashOf(secret), tokenId: token.id, expiresAt });
      request.log.info({ token: token.id, by: token.name }, 'logged in');
      return reply
        .code(201)
        .header('set-cookie', setSessionCookie(request, secret, Math.floor((expiresAt - now) / 1000)))
        .send({ name: token.name, scopes: [...token.scopes], expires_at: timeOf(expiresAt) });
    },
  });
};

const addSessionLookRoute = (app: App, { store }: ApiParts): void => {
  app.get('/session', {
    config: { scope: 'builds:read' },
    schema: {
      tags,
      operationId: 'getSession',
      summary: 'See which token the request comes with, and what it allows',
      response: answers({ 200: json(LoggedIn, 'The token, or the one that the session was begun with.') }, []),
    },
    handler: async (request) => {
      const hash = request.headers.authorization === undefined ? sessionHashOf(request) : undefined;
      const session = hash && (await store.session(hash));
      const token = session?.token ?? (await store.tokens()).find(({ id }) => id === request.tokenId);
      const until = session?.expiresAt ?? token?.expiresAt;
      return {
        name: request.tokenName,
        scopes: [...(token?.scopes ?? [])],
        ...(until === undefined ? {} : { expires_at: timeOf(until) }),
      };
    },
  });
};

const leave = (request: FastifyRequest, reply: FastifyReply): FastifyReply =>
  reply.header('set-cookie', setSessionCookie(request, '', 0));

const addLogoutRoute = (app: App, { store }: ApiParts): void => {
  app.delete('/session', {
    config: { scope: 'builds:read' },
    schema: {
      tags,
      operationId: 'logOut',
      summary: 'End the session of the cookie',
      response: answers({ 204: nothing('The session is over, if there was one.') }, []),
    },
    handler: async (request, reply) => {
      const hash = sessionHashOf(request);
      if (hash !== undefined) await store.removeSession(hash);
      request.log.info(asker(request), 'logged out');
      return leave(request, reply).code(204).send();
    },
  });
};
