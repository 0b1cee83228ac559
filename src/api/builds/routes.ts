import { z } from 'zod';
import { Fault } from '../../base/fault.ts';
import { Id } from '../../base/ids.ts';
import { answers, etagHeader, json, nothing } from '../contract/answers.ts';
import type { App } from '../server/app.ts';
import { findBuild, noBuild } from './found.ts';
import { onGone } from '../server/gone.ts';
import { matchesAny } from '../server/etags.ts';
import { BuildListQuery } from './request.ts';
import { Build, BuildInput, BuildPage, BuildStatus, Steps } from './schema.ts';
import { Problem, Wait } from '../contract/common.ts';
import type { Staying } from '../server/staying.ts';
import type { ApiParts } from '../types.ts';
import { showDocument, showVariables } from './hidden-values.ts';
import { showPlan, type View } from './view.ts';
import { hasEnded, type Seen, type Waits } from './waits.ts';
import { nextPage } from '../server/paging.ts';

const tags = ['Builds'];
const Params = z.object({ id: Id.meta({ description: 'The build’s id.' }) });
const WaitQuery = z.strictObject({ wait: Wait });
const jsonType = 'application/json; charset=utf-8';

/** Reading builds, cancelling and forgetting them. */
export const addBuildRoutes = (app: App, parts: ApiParts, view: View, waits: Waits, staying: Staying): void => {
  const { store, files, live } = parts;

  app.get('/builds', {
    config: { scope: 'builds:read' },
    schema: {
      tags,
      operationId: 'listBuilds',
      summary: 'List builds',
      description:
        'The newest first. All filters together.\n\n' +
        '```sh\ncurl -H "Authorization: Bearer $TOKEN" "$IMAGED/builds?status=failed&label=team=infra&since=2026-03-01T00:00:00Z"\n```',
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
      const { limit, after, label, status, template, since } = request.query;
      const page = await store.list(
        {
          ...(status === undefined ? {} : { status }),
          ...(template === undefined ? {} : { template }),
          ...(since === undefined ? {} : { since }),
          ...(label === undefined ? {} : { labels: label }),
        },
        { limit, ...(after === undefined ? {} : { after }) },
      );
      return nextPage(request, reply, page, view.build);
    },
  });

  app.get('/builds/:id', {
    config: { scope: 'builds:read' },
    schema: {
      tags,
      operationId: 'getBuild',
      summary: 'Look at a build, or wait for it to change',
      description:
        'With `wait`, the reply comes when the build has changed, or after that many seconds with 304. Changed means: ' +
        'other than the ETag in `If-None-Match`, or, without one, other than it was when you asked. A build that has ' +
        'ended does not change any more and is not waited for.\n\n' +
        '```sh\ncurl -H "Authorization: Bearer $TOKEN" -H \'If-None-Match: "7"\' "$IMAGED/builds/$ID?wait=60"\n```',
      params: Params,
      querystring: WaitQuery,
      response: answers(
        { 200: json(Build, 'The build.', etagHeader), 304: nothing('It has not changed.', etagHeader) },
        [400, 404, 429],
      ),
    },
    handler: async (request, reply) => {
      const { id } = request.params;
      const waitMs = (request.query.wait ?? 0) * 1000;
      if (waitMs > 0) staying.stay(request, reply);
      const known = request.headers['if-none-match'];
      const isNews = (seen: Seen, first: Seen) =>
        known === undefined ? seen.etag !== first.etag || hasEnded(seen.build) : !matchesAny(known, seen.etag);
      let isOver = true;
      const seen = await waits.until(
        id,
        (now, first) => {
          isOver = isNews(now, first);
          return isOver || hasEnded(now.build);
        },
        waitMs,
        (leave) => onGone(reply, leave),
      );
      if (seen === undefined) throw noBuild(id);
      void reply.header('etag', seen.etag);
      if (waitMs > 0 ? !isOver : matchesAny(known, seen.etag)) return reply.code(304).send();
      return reply.type(jsonType).send(seen.body);
    },
  });

  app.get('/builds/:id/status', {
    config: { scope: 'builds:read' },
    schema: {
      tags,
      operationId: 'getBuildStatus',
      summary: 'Where a build stands, in one word',
      description: '```sh\nstatus=$(curl -s -H "Authorization: Bearer $TOKEN" "$IMAGED/builds/$ID/status")\n```',
      params: Params,
      response: answers(
        {
          200: {
            description: 'One word and a newline.',
            content: { 'text/plain': { schema: BuildStatus } },
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

  app.get('/builds/:id/result', {
    config: { scope: 'builds:read' },
    schema: {
      tags,
      operationId: 'getBuildResult',
      summary: 'How a build ended, for scripts that look at exit codes',
      description:
        '200: it succeeded. 409: it failed or was cancelled. 202: not yet, ask again. With `wait`, the reply comes ' +
        'when the build has ended, or after that many seconds.\n\n' +
        '```sh\nuntil out=$(curl -sS -f -w "%{http_code}" -o result.json -H "Authorization: Bearer $TOKEN" "$IMAGED/builds/$ID/result?wait=60") && [ "$out" = 200 ]; do\n  [ "$out" = 202 ] || exit 1\ndone\n```',
      params: Params,
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
      const waitMs = (request.query.wait ?? 0) * 1000;
      if (waitMs > 0) staying.stay(request, reply);
      const seen = await waits.until(
        id,
        ({ build }) => hasEnded(build),
        waitMs,
        (leave) => onGone(reply, leave),
      );
      if (seen === undefined) throw noBuild(id);
      const { build, body, etag } = seen;
      void reply.header('etag', etag);
      if (!hasEnded(build)) void reply.code(202).header('retry-after', waitMs > 0 ? '0' : '5');
      else if (build.status !== 'succeeded')
        throw new Fault('build_unsuccessful', build.fault?.message ?? `The build is ${build.status}.`, {
          shownBuild: view.build(build),
        });
      return reply.type(jsonType).send(body);
    },
  });

  app.get('/builds/:id/steps', {
    config: { scope: 'builds:read' },
    schema: {
      tags,
      operationId: 'listBuildSteps',
      summary: 'List the steps that a build has begun',
      description: 'All attempts, in the order of their begin. What is planned is at `/builds/{id}/input`.',
      params: Params,
      response: answers({ 200: json(Steps, 'The steps.') }, [404]),
    },
    handler: async ({ params: { id } }) => {
      await findBuild(store, id);
      return { items: (await store.steps(id)).map((step) => view.step(step, id)) };
    },
  });

  app.get('/builds/:id/input', {
    config: { scope: 'builds:read' },
    schema: {
      tags,
      operationId: 'getBuildInput',
      summary: 'See what a build was made from',
      description: 'The template’s document, the variables, and the plan. Sensitive values are never shown.',
      params: Params,
      response: answers({ 200: json(BuildInput, 'The input.') }, [404]),
    },
    handler: async ({ params: { id } }) => {
      const { sensitive } = await findBuild(store, id);
      const input = await store.input(id);
      if (input === undefined) throw noBuild(id);
      return {
        template: showDocument(input.template, sensitive),
        variables: showVariables(input.variables, sensitive),
        plan: showPlan(input.plan),
      };
    },
  });

  app.post('/builds/:id/cancel', {
    config: { scope: 'builds:write' },
    schema: {
      tags,
      operationId: 'cancelBuild',
      summary: 'Cancel a build',
      description:
        'A queued build is cancelled at once; a running or held one lets its machine go first. Idempotent: a build ' +
        'that has ended stays as it is.\n\n```sh\ncurl -X POST -H "Authorization: Bearer $TOKEN" "$IMAGED/builds/$ID/cancel"\n```',
      params: Params,
      response: answers({ 202: json(Build, 'The build as it stands now.', etagHeader) }, [404]),
    },
    handler: async ({ params: { id } }, reply) => {
      const build = await store.cancel(id);
      if (build === undefined) throw noBuild(id);
      live.wake();
      return reply.code(202).header('etag', `"${build.version}"`).send(view.build(build));
    },
  });

  app.delete('/builds/:id', {
    config: { scope: 'builds:write' },
    schema: {
      tags,
      operationId: 'deleteBuild',
      summary: 'Forget a build that has ended, and its files',
      description: '```sh\ncurl -X DELETE -H "Authorization: Bearer $TOKEN" "$IMAGED/builds/$ID"\n```',
      params: Params,
      response: answers({ 204: nothing('It is forgotten.') }, [404, 409]),
    },
    handler: async ({ params: { id } }, reply) => {
      live.checkUnused(id);
      if (!(await store.remove(id))) throw noBuild(id);
      await files.remove(id);
      return reply.code(204).send();
    },
  });
};
