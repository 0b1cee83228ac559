/** The answer to a request that makes a build or a run. */

import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { etagHeader, json, type ContractAnswer } from '../contract/answers.ts';

/** Its form, for the documentation. */
export const accepted = (schema: z.ZodType, what: 'build' | 'run', description: string): ContractAnswer =>
  json(schema, description, {
    Location: { description: 'Its path.' },
    ...etagHeader,
    'Retry-After': { description: 'Seconds after which it is worth to look.' },
    'Idempotency-Replayed': { description: `\`true\` when an earlier request with this key made the ${what}.` },
  });

/** Sets the headers of what was made, or, `replayed`, is there from the same request before. */
export const answerAccepted = (
  reply: FastifyReply,
  { self, version, replayed }: { readonly self: string; readonly version: number; readonly replayed: boolean },
): void => {
  if (replayed) reply.header('idempotency-replayed', 'true');
  reply.code(201).header('location', self).header('etag', `"${version}"`).header('retry-after', '5');
};
