import { isEnded } from '../../base/records/status.ts';
import { answers, etagHeader, json, nothing } from '../contract/answers.ts';
import type { App } from '../server/app.ts';
import { onDisconnect } from '../server/connections/disconnect.ts';
import { matchesAny } from '../../base/http/etags.ts';
import type { LongRequests } from '../server/streams/long-requests.ts';
import { BuildParams, noBuild } from './found.ts';
import { WaitQuery } from './request.ts';
import { Build } from './schema.ts';
import type { SeenBuild, Waits } from './waits.ts';

const jsonType = 'application/json; charset=utf-8';

/** One build, now or when it has changed. */
export const addLookRoute = (app: App, waits: Waits, longRequests: LongRequests): void => {
  app.get('/builds/:id', {
    config: { scope: 'builds:read' },
    schema: {
      tags: ['Builds'],
      operationId: 'getBuild',
      summary: 'Look at a build, or wait for it to change',
      description:
        'With `wait`, the reply comes when the build has changed, or after that time with 304. Changed means: ' +
        'other than the ETag in `If-None-Match`, or, without one, other than it was when you asked. A build that has ' +
        'ended does not change any more and is not waited for. To wait for a state, look once without `wait`, as the build may be in it ' +
        'already, and then wait beyond the ETag of the last build that you got.\n\n' +
        '```sh\ncurl -H "Authorization: Bearer $IMAGED_TOKEN" -H \'If-None-Match: "7"\' "$IMAGED_URL/builds/$ID?wait=60"\n```',
      params: BuildParams,
      querystring: WaitQuery,
      response: answers(
        { 200: json(Build, 'The build.', etagHeader), 304: nothing('It has not changed.', etagHeader) },
        [400, 404, 429],
      ),
    },
    handler: async (request, reply) => {
      const { id } = request.params;
      const waitMs = request.query.wait ?? 0;
      if (waitMs > 0) longRequests.count(request, reply);
      const known = request.headers['if-none-match'];
      const isNews = (seen: SeenBuild, first: SeenBuild) =>
        known === undefined
          ? waitMs === 0 || seen.etag !== first.etag || isEnded(seen.build.status)
          : !matchesAny(known, seen.etag);
      const waited = await waits.until({
        id,
        enough: (now, first) => isNews(now, first) || isEnded(now.build.status),
        ms: waitMs,
        whenGone: (leave) => onDisconnect(reply, leave),
      });
      if (waited === undefined) throw noBuild(id);
      const { seen, first } = waited;
      void reply.header('etag', seen.etag);
      // Asked of what is sent: it may have changed at the very end of the wait, and its ETag must come with it.
      if (!isNews(seen, first)) return reply.code(304).send();
      return reply.type(jsonType).send(seen.body);
    },
  });
};
