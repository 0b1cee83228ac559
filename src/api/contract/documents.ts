import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { App } from '../server/app.ts';
import { openapiOptions, printOpenApi } from './openapi.ts';

// Nothing on the page comes from anywhere but this host. Swagger UI writes style attributes and shows its icons as
// data: addresses; it needs nothing else.
const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The contract, as YAML, as JSON, and as a page to read and try. */
export const addDocuments = async (app: App, version: string): Promise<void> => {
  await app.register(swagger, openapiOptions(version));
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: pagePolicy,
    // Without a validator's address the page asks nobody outside for a badge.
    uiConfig: {
      url: '/openapi.json',
      validatorUrl: null,
      deepLinking: true,
      docExpansion: 'list',
      persistAuthorization: false,
    },
  });

  let yaml: string | undefined;
  app.get('/openapi.yaml', {
    config: { scope: 'none' },
    schema: { hide: true },
    handler: async (_request, reply) => reply.type('application/yaml').send((yaml ??= printOpenApi(app))),
  });
  app.get('/openapi.json', {
    config: { scope: 'none' },
    schema: { hide: true },
    handler: async (_request, reply) => reply.send(app.swagger()),
  });
};
