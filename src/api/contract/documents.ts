import swagger from '@fastify/swagger';
import type { App } from '../server/app.ts';
import { openapiOptions, printOpenApi } from './openapi.ts';
import { addPage } from './page.ts';

/** The contract, as YAML, as JSON, and as a page to read and try. */
export const addDocuments = async (app: App, version: string): Promise<void> => {
  await app.register(swagger, openapiOptions(version));
  addPage(app);

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
