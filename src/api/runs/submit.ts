import type { z } from 'zod';
import type { CachePreview } from '../../build/layers/preview.ts';
import type { Received } from '../../build/contexts.ts';
import type { RunAsk } from '../../queue/asked.ts';
import { accepted, answerAccepted } from '../builds/accepted.ts';
import { acceptsWith, askedIn, askedWith, checkJson, checkType, headerNotes, requestKeyOf } from '../builds/asked.ts';
import { inBuildArchive, ofBuilds, withContext } from '../builds/receiving.ts';
import type { View } from '../builds/view.ts';
import { answers, json } from '../contract/answers.ts';
import type { App } from '../server/app.ts';
import { asker } from '../server/authentication/auth.ts';
import { disconnectSignal } from '../server/connections/disconnect.ts';
import { checked } from '../server/field-errors.ts';
import type { ApiParts } from '../types.ts';
import { RunAskBody, RunQuery } from './request.ts';
import { Run, RunPlan } from './schema.ts';
import { showNewRun, showRun } from './view.ts';

type Asked = Omit<RunAsk, 'requestedBy'>;

type Own = Pick<z.output<typeof RunAskBody>, 'only' | 'except' | 'parallel'>;

const ownOf = ({ only, except, parallel }: Own) => ({
  ...(only === undefined ? {} : { only }),
  ...(except === undefined ? {} : { except }),
  ...(parallel === undefined ? {} : { parallel }),
});

const fromJson = (body: unknown, query: z.output<typeof RunQuery>): Asked => {
  checkJson(body, query);
  const { only, except, parallel, fail_fast: failFast, ...common } = checked(RunAskBody, body, 'body');
  return { ...askedIn(common), ...ownOf({ only, except, parallel }), failFast };
};

const fromContext = (received: Received, query: z.output<typeof RunQuery>): Asked => ({
  ...askedWith(received, query),
  ...ownOf(query),
  failFast: query.fail_fast === 'true',
});

const description =
  'One build for each machine of the template, all or none: every machine is judged before anything is stored. The body is ' +
  'that of `POST /builds`, JSON or an archive, and may say which machines, and how many at once. A template without ' +
  '`machines` is one machine of the template’s name.\n\n' +
  '```sh\ncurl --json \'{"template": "cluster", "parallel": 2, "fail_fast": true}\' -H "Authorization: Bearer $IMAGED_TOKEN" "$IMAGED_URL/runs"\n\n' +
  'tar cz template.json harden.sh | curl --data-binary @- -H "Content-Type: application/gzip" -H "Authorization: Bearer $IMAGED_TOKEN" "$IMAGED_URL/runs?only=web,db"\n```';

/** Accepting runs. */
export const addRunSubmitRoute = (app: App, parts: ApiParts, view: View): void => {
  const { admission, preview, submitRun, signal } = parts;

  app.post('/runs', {
    config: { scope: 'builds:write' },
    schema: {
      tags: ['Runs'],
      operationId: 'createRun',
      summary: 'Build the machines of a template together, or see what that would do',
      description,
      querystring: RunQuery,
      headerNotes,
      accepts: acceptsWith(RunAskBody),
      response: answers(
        {
          200: json(RunPlan, 'With `validate=true`: what the builds would do. Nothing was stored.'),
          201: accepted(Run, 'run', 'The run is accepted, with all of its builds.'),
        },
        [400, 404, 413, 415, 422, 503, 507],
      ),
    },
    handler: async (request, reply) => {
      const { query } = request;
      const keyWith = requestKeyOf(request);
      checkType(request);

      return withContext(request, reply, parts, ofBuilds(query), async (context) => {
        const asked = context ? fromContext(context, query) : fromJson(request.body, query);
        const ask = { ...asked, requestedBy: request.tokenName };
        if (query.validate === 'true') {
          const pointerTo = (pointer: string) => (context ? inBuildArchive(pointer, context) : pointer);
          const plan = await admission.checkRun(ask);
          const until = AbortSignal.any([signal, disconnectSignal(reply)]);
          const previews: CachePreview[] = [];
          for (const build of plan.builds) previews.push(await preview(build, until));
          return { answer: reply.send(showNewRun(plan, previews, pointerTo)), isKept: false };
        }
        const { run, replayed } = await submitRun(ask, keyWith(context?.digest));
        if (!replayed)
          request.log.info(
            { run: run.id, builds: run.builds.length, template: run.templateName, ...asker(request) },
            'run accepted',
          );
        answerAccepted(reply, { self: `/runs/${run.id}`, version: run.version, replayed });
        return { answer: reply.send(showRun(run, view)), isKept: !replayed };
      });
    },
  });
};
