import type { z } from 'zod';
import { answers, json } from '../contract/answers.ts';
import type { App } from '../server/app.ts';
import { checked } from '../server/field-errors.ts';
import { asker } from '../server/authentication/auth.ts';
import { disconnectSignal } from '../server/connections/disconnect.ts';
import type { Received } from '../../build/contexts.ts';
import type { BuildAsk } from '../../queue/asked.ts';
import { accepted, answerAccepted } from './accepted.ts';
import { acceptsWith, askedIn, askedWith, checkJson, checkType, headerNotes, requestKeyOf } from './asked.ts';
import { inBuildArchive, ofBuilds, withContext } from './receiving.ts';
import { BuildAskBody, BuildQuery } from './request.ts';
import { Plan } from './plan-schema.ts';
import { Build } from './schema.ts';
import type { ApiParts } from '../types.ts';
import { showNewBuild, type View } from './view.ts';

type Asked = Omit<BuildAsk, 'requestedBy'>;

const fromJson = (body: unknown, query: z.output<typeof BuildQuery>): Asked => {
  checkJson(body, query);
  const { machine, ...asked } = checked(BuildAskBody, body, 'body');
  return {
    ...askedIn(asked),
    ...(machine === undefined ? {} : { machine }),
    ...(query.cache === undefined ? {} : { cache: query.cache }),
  };
};

const fromContext = (received: Received, query: z.output<typeof BuildQuery>): Asked => ({
  ...askedWith(received, query),
  ...(query.machine === undefined ? {} : { machine: query.machine }),
});

const description =
  'The body is JSON, the same in YAML, or a tar archive (plain, gzip or zstd) whose `template.json`, `template.yaml`, or `*.pkr.hcl` and `*.pkr.json`, is the template and whose other ' +
  'files it may refer to; then the query says the rest. The build is durable before the reply is sent.\n\n' +
  'Values of variables that are secret belong into a file `variables.json` of the archive, an object of names and texts: addresses ' +
  'are logged by proxies, and this file is read and deleted.\n\n' +
  'With an `Idempotency-Key`, the same request sent again gives the same build again, and another request under ' +
  'that key is refused with 422.\n\n' +
  '```sh\ncurl --json \'{"template": "openbsd@3", "variables": {"release": "7.9"}}\' -H "Authorization: Bearer $IMAGED_TOKEN" "$IMAGED_URL/builds"\n\n' +
  'tar cz template.json harden.sh | curl --data-binary @- -H "Content-Type: application/gzip" -H "Authorization: Bearer $IMAGED_TOKEN" "$IMAGED_URL/builds?variable=release=7.9&label=team=infra&timeout=2h"\n```';

/** Accepting builds. */
export const addSubmitRoute = (app: App, parts: ApiParts, view: View): void => {
  const { admission, preview, submit, signal } = parts;

  app.post('/builds', {
    config: { scope: 'builds:write' },
    schema: {
      tags: ['Builds'],
      operationId: 'createBuild',
      summary: 'Start a build, or see what it would do',
      description,
      querystring: BuildQuery,
      headerNotes,
      accepts: acceptsWith(BuildAskBody),
      response: answers(
        {
          200: json(Plan, 'With `validate=true`: what the build would do. Nothing was stored.'),
          201: accepted(Build, 'build', 'The build is accepted.'),
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
          const checked = await admission.check(ask);
          const looked = await preview(checked, AbortSignal.any([signal, disconnectSignal(reply)]));
          return { answer: reply.send(showNewBuild(checked, looked, pointerTo)), isKept: false };
        }
        const { build, replayed } = await submit(ask, keyWith(context?.digest));
        if (!replayed)
          request.log.info({ build: build.id, template: build.templateName, ...asker(request) }, 'build accepted');
        answerAccepted(reply, { self: `/builds/${build.id}`, version: build.version, replayed });
        return { answer: reply.send(view.build(build)), isKept: !replayed };
      });
    },
  });
};
