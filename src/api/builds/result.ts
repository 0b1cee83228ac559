import { isEnded, Status } from '../../base/records/status.ts';
import { Fault } from '../../base/fault.ts';
import { answers, etagHeader, json } from '../contract/answers.ts';
import { Problem } from '../contract/common.ts';
import type { App } from '../server/app.ts';
import { onDisconnect } from '../server/connections/disconnect.ts';
import type { LongRequests } from '../server/streams/long-requests.ts';
import type { ApiParts } from '../types.ts';
import { BuildParams, findBuild, noBuild } from './found.ts';
import { WaitQuery } from './request.ts';
import { Build } from './schema.ts';
import type { View } from './view.ts';
import type { Waits } from './waits.ts';

const tags = ['Builds'];
const jsonType = 'application/json; charset=utf-8';

/** Where a build stands, in one word. */
export const addStatusRoute = (app: App, { store }: ApiParts): void => {
  app.get('/builds/:id/status', {
    config: { scope: 'builds:read' },
    schema: {
      tags,
      operationId: 'getBuildStatus',
      summary: 'Where a build stands, in one word',
      description:
        '```sh\nstatus=$(curl -s -H "Authorization: Bearer $IMAGED_TOKEN" "$IMAGED_URL/builds/$ID/status")\n```',
      params: BuildParams,
      response: answers(
        {
          200: {
            description: 'One word and a newline.',
            content: { 'text/plain': { schema: Status } },
            headers: etagHeader,
          },
        },
        [404],
      ),
    },
    handler: async ({ params: { id } }, reply) => {
      const { status, version } = await findBuild(store, id);
      return reply.header('etag', `"${version}"`).type('text/plain; charset=utf-8').send(`${status}\n`);
    },
  });
};

/** How a build ended, in HTTP codes. */
export const addResultRoute = (app: App, view: View, waits: Waits, longRequests: LongRequests): void => {
  app.get('/builds/:id/result', {
    config: { scope: 'builds:read' },
    schema: {
      tags,
      operationId: 'getBuildResult',
      summary: 'How a build ended, for scripts that look at exit codes',
      description:
        '200: it succeeded. 409: it failed or was cancelled. 202: not yet, ask again. With `wait`, the reply comes ' +
        'when the build has ended, or after that many seconds.\n\n' +
        '```sh\nuntil out=$(curl -sS -f -w "%{http_code}" -o result.json -H "Authorization: Bearer $IMAGED_TOKEN" "$IMAGED_URL/builds/$ID/result?wait=60") && [ "$out" = 200 ]; do\n  [ "$out" = 202 ] || exit 1\ndone\n```',
      params: BuildParams,
      querystring: WaitQuery,
      response: answers(
        {
          200: json(Build, 'It succeeded.', etagHeader),
          202: json(Build, 'It has not ended yet.', { ...etagHeader, 'Retry-After': { description: 'Seconds.' } }),
          409: {
            description: 'It failed or was cancelled. `build` holds the build with its fault.',
            content: { 'application/problem+json': { schema: Problem.extend({ build: Build }) } },
          },
        },
        [400, 404, 429],
      ),
    },
    handler: async (request, reply) => {
      const { id } = request.params;
      const waitMs = request.query.wait ?? 0;
      if (waitMs > 0) longRequests.count(request, reply);
      const waited = await waits.until({
        id,
        enough: ({ build }) => isEnded(build.status),
        ms: waitMs,
        whenGone: (leave) => onDisconnect(reply, leave),
      });
      if (waited === undefined) throw noBuild(id);
      const { build, body, etag } = waited.seen;
      void reply.header('etag', etag);
      if (!isEnded(build.status)) void reply.code(202).header('retry-after', waitMs > 0 ? '0' : '5');
      else if (build.status !== 'succeeded')
        throw new Fault('build_unsuccessful', build.fault?.message ?? `The build is ${build.status}.`, {
          shownBuild: view.build(build),
        });
      return reply.type(jsonType).send(body);
    },
  });
};
