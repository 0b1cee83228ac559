import { z } from 'zod';
import { Fault } from '../../base/fault.ts';
import { answers, json, nothing } from '../contract/answers.ts';
import type { App } from '../server/app.ts';
import { asker } from '../server/authentication/auth.ts';
import type { ApiParts } from '../types.ts';
import { NewSecret, Secret, SecretList, SecretName, showSecret } from './schema.ts';

const tags = ['Secrets'];
const Params = z.object({ name: SecretName });

/** Keeping a secret, and giving one that is there another value. */
export const addSecretStoreRoute = (app: App, { store }: ApiParts): void => {
  app.put('/secrets/:name', {
    config: { scope: 'admin' },
    schema: {
      tags,
      operationId: 'storeSecret',
      summary: 'Keep a secret',
      description:
        'A template then names it in a variable, `"variables": {"password": {"secret": "registry-password"}}`, which has its ' +
        'value when the build runs, is sensitive, and can be sent by no client. The value is encrypted, and no answer shows it. ' +
        'All builds may use it, or those that the body names: templates, labels and tokens together. A builder of templates ' +
        'that may use it can have its guest send it anywhere.\n\n' +
        '```sh\njq -n --rawfile value password.txt \'{$value}\' |\n  curl -X PUT --json @- -H "Authorization: Bearer $IMAGED_TOKEN" "$IMAGED_URL/secrets/registry-password"\n```',
      params: Params,
      body: NewSecret,
      response: answers(
        { 200: json(Secret, 'It has this value now.'), 201: json(Secret, 'It is new.') },
        [400, 413, 415, 507],
      ),
    },
    handler: async (request, reply) => {
      const { name } = request.params;
      const { value, templates, labels, tokens } = request.body;
      const mayUse = {
        ...(templates === undefined ? {} : { templates }),
        ...(labels === undefined ? {} : { labels }),
        ...(tokens === undefined ? {} : { tokens }),
      };
      const { secret, created } = await store.putSecret(name, value, mayUse);
      request.log.info({ secret: name, version: secret.version, ...asker(request) }, 'secret stored');
      return reply.code(created ? 201 : 200).send(showSecret(secret));
    },
  });
};

/** The secrets that there are. */
export const addSecretListRoute = (app: App, { store }: ApiParts): void => {
  app.get('/secrets', {
    config: { scope: 'admin' },
    schema: {
      tags,
      operationId: 'listSecrets',
      summary: 'List the secrets',
      description: 'Their names, when they were made and changed, and which builds may use and have used them.',
      response: answers({ 200: json(SecretList, 'The secrets, without their values.') }, []),
    },
    handler: async () => ({ items: (await store.secrets()).map(showSecret) }),
  });
};

/** Deleting one. */
export const addSecretForgetRoute = (app: App, { store }: ApiParts): void => {
  app.delete('/secrets/:name', {
    config: { scope: 'admin' },
    schema: {
      tags,
      operationId: 'deleteSecret',
      summary: 'Delete a secret',
      description: 'A build that waits and names it fails when it begins, and says so; one that runs goes on.',
      params: Params,
      response: answers({ 204: nothing('It is deleted.') }, [404]),
    },
    handler: async (request, reply) => {
      const { name } = request.params;
      if (!(await store.removeSecret(name)))
        throw new Fault('not_found', `There is no secret "${name}". GET /secrets lists them.`);
      request.log.info({ secret: name, ...asker(request) }, 'secret deleted');
      return reply.code(204).send();
    },
  });
};
