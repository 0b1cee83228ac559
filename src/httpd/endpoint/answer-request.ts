import { closest } from 'fastest-levenshtein';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AnswerSets } from './answer-sets.ts';
import { askedPath } from './asked-path.ts';
import type { FindAnswer } from './find-answer.ts';
import { tame, type Exchange } from './request-log.ts';
import { sendFile } from './send-file.ts';
import { sendText } from './send-text.ts';

/** Answers one request of the guest; `known` are the paths that a 404 may point at. Throws what a text's `render` throws. */
export const answerRequest = async (
  find: FindAnswer,
  answerSets: AnswerSets,
  known: readonly string[],
  request: FastifyRequest,
  reply: FastifyReply,
  exchange: Exchange,
): Promise<FastifyReply> => {
  const send = (text: string, type?: string) => sendText(request, reply, exchange, text, type);
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    // The body of such a request is not read, so nothing can follow it on this connection.
    reply.code(405).headers({ allow: 'GET, HEAD', connection: 'close' });
    return send('Only GET and HEAD are answered here.\n');
  }
  const path = askedPath(request.originalUrl);
  const found = path === undefined || path === '' ? undefined : await find(path);
  const set = found || path === undefined ? undefined : await answerSets(path, request, reply, exchange);
  if (set) return 'text' in set ? send(set.text, set.type) : set;
  if (!found) {
    reply.code(404);
    const asked = tame(path ?? request.originalUrl, 100);
    // A file that is gone is known by the very name that was asked for.
    const others = known.filter((other) => other !== path);
    const nearest = others.length === 0 ? '' : ` The nearest that is: /${closest(asked, others)}`;
    return send(`Not found: /${asked.replace(/^\//, '')}.${nearest}\n`);
  }
  return found.kind === 'file' ? sendFile(found, request, reply, exchange) : send(found.render(), found.type);
};
