import type { FastifyReply, FastifyRequest } from 'fastify';
import { asFault, faults } from '../../base/fault.ts';
import { mirrorRoot } from '../../base/openbsd/mirror-layout.ts';
import { namesIn } from './find-answer.ts';
import { tame, type Exchange } from './request-log.ts';
import type { MirrorFound, MirrorSet } from '../mirror/types.ts';
import { sendFile } from './send-file.ts';
import { plain } from './send-text.ts';
import type { EndpointAnswer, EndpointSets } from './types.ts';

/** Answers from the mirror for one machine; undefined for a path that is none of the mirror's. */
export type AnswerSets = (
  path: string,
  request: FastifyRequest,
  reply: FastifyReply,
  exchange: Exchange,
) => Promise<SetsAnswer | undefined>;

/** A reply that is on its way, or a text to be sent. */
export type SetsAnswer = FastifyReply | { readonly text: string; readonly type: string };

// A guest may ask for any number of names; what it was refused first is enough to see why.
const mostRefusals = 1000;

const once = (most: number) => {
  const seen = new Set<string>();
  return (key: string): boolean => {
    if (seen.has(key) || seen.size >= most) return false;
    seen.add(key);
    return true;
  };
};

const noMirror = (path: string): string =>
  `Not found: /${tame(path, 100)}. This host has no mirror: its configuration has no [mirror].\n`;

/**
 * Serves the mirror to one machine, and tells each set once: as fetched when bytes of it were sent and its digest is
 * right, as refused when it was asked for and cannot be given.
 */
export const makeAnswerSets = (answers: ReadonlyMap<string, EndpointAnswer>, sets?: EndpointSets): AnswerSets => {
  const isFirstFetch = once(Number.MAX_SAFE_INTEGER);
  const isFirstRefusal = once(mostRefusals);

  const refuse = (path: string, error: unknown): { readonly status: number; readonly why: string } => {
    const { code, message } = asFault(error);
    const why = `${code}: ${message}`;
    if (isFirstRefusal(`${path} ${why}`))
      sets?.onRefused({ path: tame(path.slice(mirrorRoot.length), 200), code, why: message });
    return { status: faults[code].status, why };
  };

  const tellFetched = (exchange: Exchange, set: MirrorSet, isVerified: () => boolean) =>
    exchange.afterwards((bytes) => {
      if (bytes > 0 && isVerified() && isFirstFetch(`${set.path} ${set.sha256}`)) sets?.onFetched(set);
    });

  const send = (
    path: string,
    found: MirrorFound,
    request: FastifyRequest,
    reply: FastifyReply,
    exchange: Exchange,
  ): SetsAnswer | Promise<SetsAnswer> => {
    if (found.kind === 'text') return { text: found.render(), type: found.type };
    if (found.kind === 'file') {
      tellFetched(exchange, found.set, () => true);
      return sendFile(found, request, reply, exchange);
    }
    reply.type('application/octet-stream').header('content-length', found.length);
    if (request.method === 'HEAD') return reply.send();
    tellFetched(exchange, found.set, found.isVerified);
    const { stream, sent } = found.follow();
    stream.once('error', (error) => {
      if (!exchange.over.aborted) exchange.note(refuse(path, error).why);
    });
    exchange.sends(sent, stream);
    return reply.send(stream);
  };

  return async (path, request, reply, exchange) => {
    if (!path.startsWith(mirrorRoot)) return undefined;
    if (!sets) {
      reply.code(404);
      return { text: noMirror(path), type: plain };
    }
    try {
      const found = await sets.mirror.find(path, (folder) => namesIn(answers, folder), exchange.over);
      return found && (await send(path, found, request, reply, exchange));
    } catch (error) {
      if (exchange.over.aborted) return reply;
      const { status, why } = refuse(path, error);
      exchange.note(why);
      reply.code(status);
      const text = status === 404 ? `Not found: /${tame(path, 100)}. ${asFault(error).message}\n` : unavailable;
      return { text, type: plain };
    }
  };
};

// Where it comes from and why it fails is the host's business; the build knows.
const unavailable = 'The mirror cannot give this file. The build knows why.\n';
