import { closest } from 'fastest-levenshtein';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AnswerSets } from './answer-sets.ts';
import { askedPath } from './asked-path.ts';
import type { FindAnswer } from './find-answer.ts';
import { tame, type Exchange } from './request-log.ts';
import { sendFile } from './send-file.ts';

const plain = 'text/plain; charset=utf-8';

/** Answers one request of the guest; `known` are the paths that a 404 may point at. Throws what a text's `render` throws. */
export const answerRequest = async (
  find: FindAnswer,
  answerSets: AnswerSets,
  known: readonly string[],
  request: FastifyRequest,
  reply: FastifyReply,
  exchange: Exchange,
): Promise<FastifyReply> => {
  const sendText = (text: string, type: string) => {
    const length = Buffer.byteLength(text);
    exchange.sends(() => (request.method !== 'HEAD' && reply.raw.writableFinished ? length : 0));
    return reply.type(type).send(text);
  };
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    // The body of such a request is not read, so nothing can follow it on this connection.
    reply.code(405).headers({ allow: 'GET, HEAD', connection: 'close' });
    return sendText('Only GET and HEAD are answered here.\n', plain);
  }
  const path = askedPath(request.originalUrl);
  const found = path === undefined || path === '' ? undefined : await find(path);
  const set = found || path === undefined ? undefined : await answerSets(path, request, reply, exchange);
  if (set) return 'text' in set ? sendText(set.text, set.type) : set;
  if (!found) {
    reply.code(404);
    const asked = tame(path ?? request.originalUrl, 100);
    const nearest = known.length === 0 ? '' : ` The nearest that is: /${closest(asked, known)}`;
    return sendText(`Not found: /${asked.replace(/^\//, '')}.${nearest}\n`, plain);
  }
  return found.kind === 'file' ? sendFile(found, request, reply, exchange) : sendText(found.render(), found.type);
};
