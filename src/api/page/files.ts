import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { Fault } from '../../base/fault.ts';
import { matchesAny } from '../../base/http/etags.ts';
import type { App } from '../server/app.ts';
import { contentPolicy } from '../server/content-policy.ts';
import type { ApiParts } from '../types.ts';
import type { PageFile } from './types.ts';

const headers = {
  'content-security-policy': contentPolicy('files'),
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  'referrer-policy': 'no-referrer',
  vary: 'accept-encoding',
} as const;

const takes = (request: FastifyRequest, coding: string): boolean =>
  new RegExp(`(?:^|[\\s,])${coding}(?!\\s*;\\s*q=0(?:\\.0*)?\\s*(?:,|$))(?:[\\s,;]|$)`, 'i').test(
    String(request.headers['accept-encoding'] ?? ''),
  );

const sendPageFile = (request: FastifyRequest, reply: FastifyReply, { type, digest, bytes }: PageFile, age: string) => {
  const coding = (['br', 'gzip'] as const).find((one) => bytes[one] !== undefined && takes(request, one));
  const etag = `"${digest}${coding === undefined ? '' : `-${coding}`}"`;
  void reply.headers({ ...headers, 'cache-control': age, etag });
  if (matchesAny(request.headers['if-none-match'], etag)) return reply.code(304).send();
  if (coding !== undefined) void reply.header('content-encoding', coding);
  return reply.type(type).send(bytes[coding ?? 'identity']);
};

/** The page for people: `/`, and the files that it loads, whose names change with their content. */
export const addPageRoutes = (app: App, { page }: ApiParts): void => {
  const find = async (name: string): Promise<PageFile> => {
    const files = await page();
    const file = files.get(name);
    if (file !== undefined) return file;
    throw files.size === 0
      ? new Fault('not_found', 'The page was not built: run "npm run build". The API is described at /docs.')
      : new Fault('not_found', `The page has no file ${JSON.stringify(name)}. Load / again: it may have changed.`);
  };

  app.get('/', {
    config: { scope: 'none' },
    schema: { hide: true },
    handler: async (request, reply) => sendPageFile(request, reply, await find('index.html'), 'no-cache'),
  });

  app.get('/page/:file', {
    config: { scope: 'none' },
    schema: { hide: true, params: z.object({ file: z.string().max(100) }) },
    handler: async (request, reply) =>
      sendPageFile(request, reply, await find(request.params.file), 'public, max-age=31536000, immutable'),
  });
};
