import swagger from '@fastify/swagger';
import Fastify, { type FastifyInstance } from 'fastify';
import type { App } from '../server/app.ts';
import { contentPolicy } from '../server/content-policy.ts';

/** A server of its own for the page and its files, which is only ever asked from within. */
const makePage = async (): Promise<FastifyInstance> => {
  const { default: swaggerUi } = await import('@fastify/swagger-ui');
  const page = Fastify({ logger: false });
  await page.register(swagger);
  await page.register(swaggerUi, {
    routePrefix: '/docs',
    // It writes style attributes, and shows its icons as data: addresses.
    staticCSP: contentPolicy('inline'),
    // Without a validator's address the page asks no other host for a badge.
    uiConfig: {
      url: '/openapi.json',
      validatorUrl: null,
      deepLinking: true,
      docExpansion: 'list',
      persistAuthorization: false,
    },
  });
  await page.ready();
  return page;
};

/** The contract as a page to read and try. It is loaded at its first request: a tenth of the daemon's start. */
export const addPage = (app: App): void => {
  let made: Promise<FastifyInstance> | undefined;
  for (const url of ['/docs', '/docs/*'])
    app.get(url, {
      config: { scope: 'none' },
      schema: { hide: true },
      handler: async (request, reply) => {
        made ??= makePage().catch((error: unknown) => {
          // The next who looks tries again.
          made = undefined;
          throw error;
        });
        const page = await made;
        const { statusCode, headers, rawPayload } = await page.inject({ url: request.url, headers: request.headers });
        if (statusCode >= 400) return reply.callNotFound();
        return reply.code(statusCode).headers(headers).send(rawPayload);
      },
    });
  app.addHook('onClose', async () => {
    await (await made)?.close();
  });
};
