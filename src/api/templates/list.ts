import type { PageAsk } from '../../queue/records.ts';
import { answers, json } from '../contract/answers.ts';
import { pageQuery } from '../contract/common.ts';
import { showTemplateInfo } from '../builds/view.ts';
import { TemplatePage } from '../host/schema.ts';
import type { App } from '../server/app.ts';
import { readPage } from '../server/paging.ts';
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
      querystring: pageQuery('name'),
      response: answers({ 200: json(TemplatePage, 'A page of templates.') }, [400]),
    },
    handler: (request, reply) => readPage(request, reply, store.templates, (all) => all.map(showTemplateInfo)),
  });

  app.get('/templates/:name/versions', {
    config: { scope: 'builds:read' },
    schema: {
      tags,
      operationId: 'listTemplateVersions',
      summary: 'List the versions of a template',
      params: Params,
      querystring: pageQuery('number'),
      response: answers({ 200: json(TemplatePage, 'A page of versions.') }, [400, 404]),
    },
    handler: async (request, reply) => {
      const { name } = request.params;
      if ((await store.template(name)) === undefined) throw noTemplate(name);
      const read = (ask: PageAsk) => store.templateVersions(name, ask);
      return readPage(request, reply, read, (all) => all.map(showTemplateInfo));
    },
  });
};
