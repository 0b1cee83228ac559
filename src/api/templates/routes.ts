import { z } from 'zod';
import { Fault } from '../../base/fault.ts';
import type { TemplateVersion } from '../../queue/store.ts';
import { answers, json, nothing } from '../contract/answers.ts';
import type { App } from '../server/app.ts';
import { encodingOf, refuseType } from '../server/bodies.ts';
import { invalid } from '../server/field-errors.ts';
import { nextPage } from '../server/paging.ts';
import { matchesAny } from '../server/etags.ts';
import { inTemplateArchive, withContext } from '../builds/receiving.ts';
import { PageQuery, TemplateName } from '../contract/common.ts';
import { Template, TemplatePage } from '../host/schema.ts';
import { digestOf } from '../server/canonical.ts';
import type { ApiParts } from '../types.ts';
import { showTemplate, showTemplateInfo } from '../builds/view.ts';

const tags = ['Templates'];
const Params = z.object({ name: TemplateName.meta({ description: 'The template’s name.', example: 'openbsd' }) });
const VersionParams = Params.extend({
  version: z.coerce.number().int().min(1).max(1e9).meta({ description: 'The version, from 1.' }),
});
const etag = { ETag: { description: 'The digest of the version.' } };
const document = z.record(z.string(), z.unknown()).meta({ description: 'A template.' });
const archive = z.string().meta({ format: 'binary', description: 'An archive whose `template.json` is the template.' });

const noTemplate = (name: string, version?: number) =>
  new Fault(
    'not_found',
    version === undefined
      ? `There is no template ${name}. GET /templates lists those there are.`
      : `There is no version ${version} of the template ${name}. GET /templates/${name}/versions lists those there are.`,
  );

/** Templates that the host keeps, in versions that never change. */
export const addTemplateRoutes = (app: App, parts: ApiParts): void => {
  const { store, intake } = parts;

  app.put('/templates/:name', {
    config: { scope: 'builds:write' },
    schema: {
      tags,
      operationId: 'storeTemplate',
      summary: 'Store a template',
      description:
        'What is new becomes the next version; what is the same as the newest one is that version again. A build may ' +
        'then name it: `openbsd`, or `openbsd@3`.\n\n' +
        '```sh\ncurl -X PUT --json @template.json -H "Authorization: Bearer $TOKEN" "$IMAGED/templates/openbsd"\n```',
      params: Params,
      accepts: {
        'application/json': document,
        'application/x-tar': archive,
        'application/gzip': archive,
        'application/zstd': archive,
      },
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
      if (encodingOf(request) === undefined) {
        if (request.body === undefined || request.body instanceof Uint8Array)
          throw refuseType(request, 'a template (application/json) or an archive that holds one');
        if (!document.safeParse(request.body).success)
          throw invalid([{ pointer: '', message: 'is no template: a JSON object was due' }]);
      }
      return withContext(request, reply, parts, inTemplateArchive, async (context) => {
        const given = context ? context.template : request.body;
        const kept = await intake.checkTemplate(given, context?.contextId);
        const digest = digestOf([kept, context?.digest ?? null]);
        const { version, created } = await store.putTemplate(name, kept, digest, context?.contextId);
        const shown = showTemplate(version);
        void reply.header('etag', `"${version.digest}"`);
        if (created) void reply.code(201).header('location', shown.href);
        return { answer: reply.send(shown), isKept: created };
      });
    },
  });

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

  app.get('/templates', {
    config: { scope: 'builds:read' },
    schema: {
      tags,
      operationId: 'listTemplates',
      summary: 'List the templates',
      description: 'The newest version of each, by name.',
      querystring: PageQuery,
      response: answers({ 200: json(TemplatePage, 'A page of templates.') }, [400]),
    },
    handler: async (request, reply) => {
      const { limit, after } = request.query;
      const page = await store.templates({ limit, ...(after === undefined ? {} : { after }) });
      return nextPage(request, reply, page, showTemplateInfo);
    },
  });

  app.get('/templates/:name/versions', {
    config: { scope: 'builds:read' },
    schema: {
      tags,
      operationId: 'listTemplateVersions',
      summary: 'List the versions of a template',
      params: Params,
      querystring: PageQuery,
      response: answers({ 200: json(TemplatePage, 'A page of versions.') }, [400, 404]),
    },
    handler: async (request, reply) => {
      const { name } = request.params;
      const { limit, after } = request.query;
      if ((await store.template(name)) === undefined) throw noTemplate(name);
      const page = await store.templateVersions(name, { limit, ...(after === undefined ? {} : { after }) });
      return nextPage(request, reply, page, showTemplateInfo);
    },
  });

  const show = (found: TemplateVersion | undefined, known: string | undefined, absent: Fault) => {
    if (found === undefined) throw absent;
    const tag = `"${found.digest}"`;
    return { tag, isKnown: matchesAny(known, tag), shown: showTemplate(found) };
  };

  app.get('/templates/:name', {
    config: { scope: 'builds:read' },
    schema: {
      tags,
      operationId: 'getTemplate',
      summary: 'See the newest version of a template',
      params: Params,
      response: answers(
        { 200: json(Template, 'The template.', etag), 304: { description: 'It is what `If-None-Match` names.' } },
        [404],
      ),
    },
    handler: async ({ params: { name }, headers }, reply) => {
      const { tag, isKnown, shown } = show(await store.template(name), headers['if-none-match'], noTemplate(name));
      void reply.header('etag', tag);
      return isKnown ? reply.code(304).send() : reply.send(shown);
    },
  });

  app.get('/templates/:name/versions/:version', {
    config: { scope: 'builds:read' },
    schema: {
      tags,
      operationId: 'getTemplateVersion',
      summary: 'See one version of a template',
      params: VersionParams,
      response: answers(
        { 200: json(Template, 'The template.', etag), 304: { description: 'It is what `If-None-Match` names.' } },
        [404],
      ),
    },
    handler: async ({ params: { name, version }, headers }, reply) => {
      const found = await store.template(name, version);
      const { tag, isKnown, shown } = show(found, headers['if-none-match'], noTemplate(name, version));
      void reply.header('etag', tag);
      return isKnown ? reply.code(304).send() : reply.send(shown);
    },
  });
};
