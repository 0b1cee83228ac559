import { answers } from '../contract/answers.ts';
import type { App } from '../server/app.ts';
import { asker } from '../server/authentication/auth.ts';
import { checked } from '../server/field-errors.ts';
import type { ApiParts } from '../types.ts';
import { accepted, answerAccepted } from './accepted.ts';
import { RebuildBody, rebuildIn, RetryBody, retryIn, RetryQuery, retryWith } from './again-request.ts';
import { acceptsWith, headerNotes, jsonOrNothing, requestKeyOf } from './asked.ts';
import { BuildParams } from './found.ts';
import { inBuildArchive, withContext } from './receiving.ts';
import { Build } from './schema.ts';
import type { View } from './view.ts';

const tags = ['Builds'];
const failures = [400, 404, 409, 413, 415, 422, 503, 507] as const;

const description =
  'A new build, of what this one was made of: its template as it was then, its variables, its context, the builds that it began ' +
  'with, its labels and options. With a template in the body, or an archive as `POST /builds` takes it, it is made of that in ' +
  'their place: the mended script. The new build says `retry_of`, and this one `retried_by`. Places of what was not sent with ' +
  'the request have `input:` in front, and are those of `GET /builds/{id}/input`.\n\n' +
  '```sh\ncurl -X POST -H "Authorization: Bearer $IMAGED_TOKEN" "$IMAGED_URL/builds/$ID/retry"\n\n' +
  'tar cz template.json harden.sh | curl --data-binary @- -H "Content-Type: application/gzip" -H "Authorization: Bearer $IMAGED_TOKEN" "$IMAGED_URL/builds/$ID/retry"\n```';

/** Making a build again that has ended, with what was wrong mended. */
export const addRetryRoute = (app: App, parts: ApiParts, view: View): void => {
  app.post('/builds/:id/retry', {
    config: { scope: 'builds:write' },
    schema: {
      tags,
      operationId: 'retryBuild',
      summary: 'Build again what has ended, as it was or mended',
      description,
      params: BuildParams,
      querystring: RetryQuery,
      headerNotes,
      accepts: acceptsWith(RetryBody),
      response: answers({ 201: accepted(Build, 'build', 'The new build is accepted.') }, failures),
    },
    handler: async (request, reply) => {
      const { id } = request.params;
      const keyWith = requestKeyOf(request);
      return withContext(request, reply, parts, { pointerInto: inBuildArchive, lasts: true }, async (context) => {
        const asked = context
          ? retryWith(context, request.query)
          : retryIn(checked(RetryBody, jsonOrNothing(request), 'body'));
        const ask = { ...asked, requestedBy: request.tokenName };
        const { build, replayed } = await parts.again.retry(id, ask, keyWith(context?.digest));
        if (!replayed) request.log.info({ build: build.id, retryOf: id, ...asker(request) }, 'build accepted');
        answerAccepted(reply, { self: `/builds/${build.id}`, version: build.version, replayed });
        return { answer: reply.send(view.build(build)), isKept: !replayed };
      });
    },
  });
};

/** Making a build again, whatever stored templates and media say now. */
export const addRebuildRoute = (app: App, { again }: ApiParts, view: View): void => {
  app.post('/builds/:id/rebuild', {
    config: { scope: 'builds:write' },
    schema: {
      tags,
      operationId: 'rebuildBuild',
      summary: 'Build the same again',
      description:
        'A new build of what this one was made of, whatever its stored template says now. With `strict` it is refused with 409 ' +
        'where files of media, builds or secrets that it began with are gone, or are not as they were when it was accepted. The new ' +
        'build says `rebuild_of`. Its id and the time are its own.\n\n' +
        '```sh\ncurl --json \'{"strict": true}\' -H "Authorization: Bearer $IMAGED_TOKEN" "$IMAGED_URL/builds/$ID/rebuild"\n```',
      params: BuildParams,
      headerNotes,
      accepts: { 'application/json': RebuildBody },
      response: answers({ 201: accepted(Build, 'build', 'The new build is accepted.') }, failures),
    },
    handler: async (request, reply) => {
      const { id } = request.params;
      const ask = rebuildIn(checked(RebuildBody, jsonOrNothing(request), 'body'));
      const { build, replayed } = await again.rebuild(
        id,
        { ...ask, requestedBy: request.tokenName },
        requestKeyOf(request)(),
      );
      if (!replayed) request.log.info({ build: build.id, rebuildOf: id, ...asker(request) }, 'build accepted');
      answerAccepted(reply, { self: `/builds/${build.id}`, version: build.version, replayed });
      return reply.send(view.build(build));
    },
  });
};
