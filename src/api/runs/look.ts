import { isRunEnded } from '../../base/records/run-status.ts';
import { matchesAny } from '../../base/http/etags.ts';
import type { StoredRun } from '../../queue/records.ts';
import { WaitQuery } from '../builds/request.ts';
import type { View } from '../builds/view.ts';
import { answers, etagHeader, json, nothing } from '../contract/answers.ts';
import { pageQuery } from '../contract/common.ts';
import type { App } from '../server/app.ts';
import { disconnectSignal } from '../server/connections/disconnect.ts';
import type { LongRequests } from '../server/streams/long-requests.ts';
import { readPage } from '../server/paging.ts';
import type { ApiParts } from '../types.ts';
import { noRun } from './found.ts';
import { RunParams } from './request.ts';
import { Run, RunPage } from './schema.ts';
import { showRun } from './view.ts';
import { runUntil } from './waits.ts';

const tags = ['Runs'];

/** The runs, by page. */
export const addRunListRoute = (app: App, { store, live }: ApiParts, view: View): void => {
  app.get('/runs', {
    config: { scope: 'builds:read' },
    schema: {
      tags,
      operationId: 'listRuns',
      summary: 'List runs',
      description: 'The newest first. A run goes when the last of its builds goes.',
      querystring: pageQuery('id'),
      response: answers(
        {
          200: json(RunPage, 'A page of runs.', {
            Link: { description: 'The next page, `rel="next"` (RFC 8288).' },
          }),
        },
        [400],
      ),
    },
    handler: (request, reply) =>
      readPage(request, reply, store.runs, async (runs) => {
        const known = await live.progress(runs.flatMap(({ builds }) => builds));
        return runs.map((run) => showRun(run, view, known));
      }),
  });
};

/** One run, now or when it has changed. */
export const addRunLookRoute = (app: App, parts: ApiParts, view: View, longRequests: LongRequests): void => {
  app.get('/runs/:id', {
    config: { scope: 'builds:read' },
    schema: {
      tags,
      operationId: 'getRun',
      summary: 'Look at a run, or wait for it to change',
      description:
        'As `GET /builds/{id}`: with `wait`, the reply comes when a build of it has come to another status or phase, or after ' +
        'that time with 304.\n\n' +
        '```sh\ncurl -H "Authorization: Bearer $IMAGED_TOKEN" -H \'If-None-Match: "7"\' "$IMAGED_URL/runs/$RUN?wait=60"\n```',
      params: RunParams,
      querystring: WaitQuery,
      response: answers(
        { 200: json(Run, 'The run.', etagHeader), 304: nothing('It has not changed.', etagHeader) },
        [400, 404, 429],
      ),
    },
    handler: async (request, reply) => {
      const { id } = request.params;
      const waitMs = request.query.wait ?? 0;
      if (waitMs > 0) longRequests.count(request, reply);
      const known = request.headers['if-none-match'];
      const tagOf = ({ version }: StoredRun) => `"${version}"`;
      let isNews = true;
      const enough = (run: StoredRun, first: StoredRun) => {
        isNews =
          known === undefined
            ? run.version !== first.version || isRunEnded(run.status)
            : !matchesAny(known, tagOf(run));
        return isNews || isRunEnded(run.status);
      };
      const until = AbortSignal.any([parts.signal, disconnectSignal(reply)]);
      const run = await runUntil(parts, id, enough, waitMs, until);
      if (run === undefined) throw noRun(id);
      void reply.header('etag', tagOf(run));
      if (waitMs > 0 ? !isNews : matchesAny(known, tagOf(run))) return reply.code(304).send();
      return reply.send(showRun(run, view, await parts.live.progress(run.builds)));
    },
  });
};
