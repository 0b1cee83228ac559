import { Fault } from '../../base/fault.ts';
import { isRunEnded, RunStatus } from '../../base/records/run-status.ts';
import { WaitQuery } from '../builds/request.ts';
import type { View } from '../builds/view.ts';
import { answers, etagHeader, json } from '../contract/answers.ts';
import { Problem } from '../contract/common.ts';
import type { App } from '../server/app.ts';
import { disconnectSignal } from '../server/connections/disconnect.ts';
import type { LongRequests } from '../server/streams/long-requests.ts';
import type { ApiParts } from '../types.ts';
import { findRun, noRun } from './found.ts';
import { RunParams } from './request.ts';
import { Run } from './schema.ts';
import { resultOf, showRun } from './view.ts';
import { runUntil } from './waits.ts';

const tags = ['Runs'];

/** Where a run stands, in one word. */
export const addRunStatusRoute = (app: App, { store }: ApiParts): void => {
  app.get('/runs/:id/status', {
    config: { scope: 'builds:read' },
    schema: {
      tags,
      operationId: 'getRunStatus',
      summary: 'Where a run stands, in one word',
      params: RunParams,
      response: answers(
        {
          200: {
            description: 'One word and a newline.',
            content: { 'text/plain': { schema: RunStatus } },
            headers: etagHeader,
          },
        },
        [404],
      ),
    },
    handler: async ({ params: { id } }, reply) => {
      const { status, version } = await findRun(store, id);
      return reply.header('etag', `"${version}"`).type('text/plain; charset=utf-8').send(`${status}\n`);
    },
  });
};

/** How a run ended, in HTTP codes. */
export const addRunResultRoute = (app: App, parts: ApiParts, view: View, longRequests: LongRequests): void => {
  app.get('/runs/:id/result', {
    config: { scope: 'builds:read' },
    schema: {
      tags,
      operationId: 'getRunResult',
      summary: 'How a run ended, for scripts that look at exit codes',
      description:
        '200: all of its builds succeeded. 409: all have ended, and not all well. 202: not yet, ask again. With `wait`, ' +
        'the reply comes when the last of them has ended, or after that many seconds.',
      params: RunParams,
      querystring: WaitQuery,
      response: answers(
        {
          200: json(Run, 'All succeeded.', etagHeader),
          202: json(Run, 'It has not ended yet.', { ...etagHeader, 'Retry-After': { description: 'Seconds.' } }),
          409: {
            description: 'At least one failed or was cancelled. `run` holds the run, `detail` says which and why.',
            content: { 'application/problem+json': { schema: Problem.extend({ run: Run }) } },
          },
        },
        [400, 404, 429],
      ),
    },
    handler: async (request, reply) => {
      const { id } = request.params;
      const waitMs = request.query.wait ?? 0;
      if (waitMs > 0) longRequests.count(request, reply);
      const until = AbortSignal.any([parts.signal, disconnectSignal(reply)]);
      const run = await runUntil(parts, id, ({ status }) => isRunEnded(status), waitMs, until);
      if (run === undefined) throw noRun(id);
      void reply.header('etag', `"${run.version}"`);
      const shown = showRun(run, view);
      if (!isRunEnded(run.status)) void reply.code(202).header('retry-after', waitMs > 0 ? '0' : '5');
      else if (run.status !== 'succeeded') throw new Fault('run_unsuccessful', resultOf(run), { shownRun: shown });
      return reply.send(shown);
    },
  });
};
