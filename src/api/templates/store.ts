import { answers, json, nothing } from '../contract/answers.ts';
import { inTemplateArchive, withContext } from '../builds/receiving.ts';
import { showTemplate } from '../builds/view.ts';
import { Template } from '../host/schema.ts';
import type { App } from '../server/app.ts';
import { invalid } from '../server/field-errors.ts';
import type { ApiParts } from '../types.ts';
import { etag, noTemplate, Params, tags } from './common.ts';
import { sentTemplate } from './sent.ts';

const sent = sentTemplate({
  what: 'a template',
  documents: ['application/json', 'application/yaml'],
  archive: 'An archive whose `template.json`, `template.yaml` or `template.yml` is the template.',
});

/** Storing a template, as a version that never changes. */
export const addStoreRoute = (app: App, parts: ApiParts): void => {
  const { store, admission } = parts;

  app.put('/templates/:name', {
    config: { scope: 'builds:write' },
    schema: {
      tags,
      operationId: 'storeTemplate',
      summary: 'Store a template',
      description:
        'What is new becomes the next version; what is the same as the newest one is that version again. A build may ' +
        'then name it: `openbsd`, or `openbsd@3`.\n\n' +
        '```sh\ncurl -X PUT --json @template.json -H "Authorization: Bearer $IMAGED_TOKEN" "$IMAGED_URL/templates/openbsd"\n```',
      params: Params,
      accepts: sent.accepts,
      response: answers(
        {
          200: json(Template, 'It is the newest version already.', etag),
          201: json(Template, 'It is a new version.', {
            ...etag,
            Location: { description: 'The path of the version.' },
          }),
        },
        [400, 413, 415, 422, 507],
      ),
    },
    handler: async (request, reply) => {
      const { name } = request.params;
      sent.check(request);
      return withContext(request, reply, parts, { pointerInto: inTemplateArchive, lasts: true }, async (context) => {
        if (context?.variables !== undefined)
          throw invalid([
            {
              pointer: context.variables.file,
              message: 'belongs to a build; a stored template has defaults in its variables',
            },
          ]);
        const given = context ? context.template : request.body;
        const kept = await admission.checkTemplate(given, context, name, request.tokenName);
        const { version, created } = await store.putTemplate(name, kept.document, kept.digest, context?.contextId);
        const shown = showTemplate(version);
        void reply.header('etag', `"${version.digest}"`);
        if (created) void reply.code(201).header('location', shown.href);
        return { answer: reply.send(shown), isKept: created };
      });
    },
  });
};

/** Forgetting one. */
export const addForgetRoute = (app: App, { store }: ApiParts): void => {
  app.delete('/templates/:name', {
    config: { scope: 'builds:write' },
    schema: {
      tags,
      operationId: 'deleteTemplate',
      summary: 'Forget a template with all its versions',
      description: 'Builds that were made from it go on: each has a copy.',
      params: Params,
      response: answers({ 204: nothing('It is forgotten.') }, [404]),
    },
    handler: async ({ params: { name } }, reply) => {
      if (!(await store.removeTemplate(name))) throw noTemplate(name);
      return reply.code(204).send();
    },
  });
};
