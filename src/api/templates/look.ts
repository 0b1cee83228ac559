import type { Fault } from '../../base/fault.ts';
import type { TemplateVersion } from '../../queue/records.ts';
import { answers, json } from '../contract/answers.ts';
import { showTemplate } from '../builds/view.ts';
import { Template } from '../host/schema.ts';
import type { App } from '../server/app.ts';
import { matchesAny } from '../../base/http/etags.ts';
import type { ApiParts } from '../types.ts';
import { etag, noTemplate, Params, tags, VersionParams } from './common.ts';

const show = (found: TemplateVersion | undefined, known: string | undefined, absent: Fault) => {
  if (found === undefined) throw absent;
  const tag = `"${found.digest}"`;
  return { tag, isKnown: matchesAny(known, tag), shown: showTemplate(found) };
};

/** One template: its newest version, or the one that is named. */
export const addTemplateLookRoutes = (app: App, { store }: ApiParts): void => {
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
