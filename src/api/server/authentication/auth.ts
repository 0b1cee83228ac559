import type { FastifyReply, FastifyRequest } from 'fastify';
import { Fault } from '../../../base/fault.ts';
import type { Scope, Token } from '../../../queue/records.ts';
import type { App } from '../app.ts';
import { checkOwnPage, sessionHashOf } from './session-cookie.ts';
import { allows, makeBearers, makeUseNotes, type Bearers } from './tokens.ts';
import type { ApiParts } from '../../types.ts';

// RFC 6750: the scheme in any case, one space or more, then the token.
const bearer = /^bearer +([A-Za-z0-9._~+/-]{1,512}=*)$/i;

const challenge = (reply: FastifyReply, error: string) =>
  // The body that may follow is not awaited: its sender is not known.
  reply.header('www-authenticate', `Bearer realm="imaged"${error}`).header('connection', 'close');

/** Who asks, for the log. */
export const asker = ({ tokenId, tokenName }: FastifyRequest) => ({ token: tokenId, by: tokenName });

// RFC 9110, 9.2.1: these change nothing.
const safeMethods: readonly string[] = ['GET', 'HEAD'];

/** The secret of the request's bearer token. Throws `unauthorized`. */
const secretOf = (request: FastifyRequest, reply: FastifyReply): string => {
  const header = request.headers.authorization;
  const secret = header === undefined ? undefined : bearer.exec(header)?.[1];
  if (secret !== undefined) return secret;
  challenge(reply, '');
  throw new Fault(
    'unauthorized',
    header === undefined
      ? 'No token came with the request. Send it as "Authorization: Bearer imgd_...".'
      : 'The Authorization header is not "Bearer" and a token. Send "Authorization: Bearer imgd_...".',
  );
};

/** The token's bearer makes the request. Throws `unauthorized`, `forbidden`. */
const letIn = (request: FastifyRequest, reply: FastifyReply, scope: Scope, token: Token | undefined): void => {
  if (token === undefined) {
    challenge(reply, ', error="invalid_token"');
    throw new Fault(
      'unauthorized',
      'The token is not known, was revoked, or has expired. Make one with "imaged token add".',
    );
  }
  if (!allows(token.scopes, scope)) {
    challenge(reply, `, error="insufficient_scope", scope="${scope}"`);
    throw new Fault('forbidden', `This needs the scope ${scope}; the token has ${token.scopes.join(', ')}.`, {
      expected: scope,
      saw: token.scopes.join(' '),
    });
  }
  request.tokenId = token.id;
  request.tokenName = token.name;
};

/**
 * Lets a request in when its bearer token allows what its route needs, or the token that its session was begun with. Gives
 * who knows the bearers.
 */
export const addAuth = (app: App, { store, clock }: Pick<ApiParts, 'store' | 'clock'>): Bearers => {
  const note = makeUseNotes(store, clock);
  const bearerOf = makeBearers(store, clock, note);

  const judgeSession = async (request: FastifyRequest, reply: FastifyReply, scope: Scope, hash: Uint8Array) => {
    const session = await store.session(hash);
    if (session === undefined) {
      challenge(reply, '');
      throw new Fault('unauthorized', 'The session has ended, or its token has. Log in again at /.');
    }
    if (!safeMethods.includes(request.method)) checkOwnPage(request);
    note(session.token);
    letIn(request, reply, scope, session.token);
  };

  // A promise only where the store has to be asked: a client that polls need not wait for the loop's next turn.
  const judge = (request: FastifyRequest, reply: FastifyReply): void | Promise<void> => {
    const { scope } = request.routeOptions.config;
    if (scope === undefined || scope === 'none') return;
    const session = request.headers.authorization === undefined ? sessionHashOf(request) : undefined;
    if (session !== undefined) return judgeSession(request, reply, scope, session);
    const token = bearerOf(secretOf(request, reply));
    if (!(token instanceof Promise)) return letIn(request, reply, scope, token);
    return token.then((found) => letIn(request, reply, scope, found));
  };

  app.decorateRequest('tokenId', '');
  app.decorateRequest('tokenName', '');
  app.addHook('onRequest', (request, reply, done) => {
    const judged = judge(request, reply);
    if (judged === undefined) done();
    else judged.then(() => done(), done);
  });
  app.addHook('onRoute', ({ config, url }) => {
    if (config?.scope === undefined && !url.startsWith('/docs'))
      throw new Error(`The route ${url} does not name the scope that it needs`);
  });
  return bearerOf;
};
