import { answers, json } from '../contract/answers.ts';
import { PageQuery } from '../contract/common.ts';
import { showTemplateInfo } from '../builds/view.ts';
import { TemplatePage } from '../host/schema.ts';
import type { App } from '../server/app.ts';
import { nextPage } from '../server/paging.ts';
import type { ApiParts } from '../types.ts';
import { noTemplate, Params, tags } from './common.ts';

/** The templates, and the versions of one. */
export const addTemplateListRoutes = (app: App, { store }: ApiParts): void => {
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
};
