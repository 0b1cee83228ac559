import type { PageAsk } from '../../queue/records.ts';
import { answers, json } from '../contract/answers.ts';
import type { App } from '../server/app.ts';
import { readPage } from '../server/paging.ts';
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
        '```sh\ncurl -H "Authorization: Bearer $IMAGED_TOKEN" "$IMAGED_URL/builds?status=failed,cancelled&label=team=infra&since=2026-03-01T00:00:00Z"\n```',
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
    handler: (request, reply) => {
      const { label, status, template, since, run } = request.query;
      const filter = {
        ...(status === undefined ? {} : { statuses: status }),
        ...(template === undefined ? {} : { template }),
        ...(since === undefined ? {} : { since }),
        ...(label === undefined ? {} : { labels: label }),
        ...(run === undefined ? {} : { runId: run }),
      };
      const read = (ask: PageAsk) => store.list(filter, ask);
      return readPage(request, reply, read, async (builds) => {
        const progress = await live.progress(builds);
        return builds.map((build) => view.build(build, { progress: progress.get(build.id) }));
      });
    },
  });
};
