import { answers, json } from '../contract/answers.ts';
import type { App } from '../server/app.ts';
import { nextPage } from '../server/paging.ts';
import type { ApiParts } from '../types.ts';
import { BuildListQuery } from './request.ts';
import { BuildPage } from './schema.ts';
import type { View } from './view.ts';

/** The builds, by filter and page. */
export const addListRoute = (app: App, { store, live }: ApiParts, view: View): void => {
  app.get('/builds', {
    config: { scope: 'builds:read' },
    schema: {
      tags: ['Builds'],
      operationId: 'listBuilds',
      summary: 'List builds',
      description:
        'The newest first. All filters together.\n\n' +
        '```sh\ncurl -H "Authorization: Bearer $TOKEN" "$IMAGED/builds?status=failed,cancelled&label=team=infra&since=2026-03-01T00:00:00Z"\n```',
      querystring: BuildListQuery,
      response: answers(
        {
          200: json(BuildPage, 'A page of builds.', {
            Link: { description: 'The next page, `rel="next"` (RFC 8288).' },
          }),
        },
        [400],
      ),
    },
    handler: async (request, reply) => {
      const { limit, after, label, status, template, since, run } = request.query;
      const page = await store.list(
        {
          ...(status === undefined ? {} : { statuses: status }),
          ...(template === undefined ? {} : { template }),
          ...(since === undefined ? {} : { since }),
          ...(label === undefined ? {} : { labels: label }),
          ...(run === undefined ? {} : { runId: run }),
        },
        { limit, ...(after === undefined ? {} : { after }) },
      );
      const progress = await live.progress(page.items);
      return nextPage(request, reply, page, (build) => view.build(build, { progress: progress.get(build.id) }));
    },
  });
};
