import { z } from 'zod';
import { answers, nothing } from '../contract/answers.ts';
import type { App } from '../server/app.ts';
import { asker } from '../server/authentication/auth.ts';
import { checked, invalid } from '../server/field-errors.ts';
import type { ApiParts } from '../types.ts';
import { acceptsWith, jsonOrNothing } from './asked.ts';
import { BuildParams, findBuild } from './found.ts';
import { inBuildArchive, withContext } from './receiving.ts';
import { CommonBody } from './request.ts';

const From = z
  .string()
  .max(200, 'is longer than any name of a step')
  .meta({ description: 'The step to go on from, of a held build. Default: the one that failed.', example: 'harden' });

const ResumeBody = z
  .strictObject({
    from: From.optional(),
    template: CommonBody.shape.template.optional().meta({
      description:
        'What to go on with in a held build: the same template up to that step, mended from there. Default: as it is.',
    }),
  })
  .meta({ id: 'NewResumption', description: 'How a held build goes on. May be left out altogether.' });

const ResumeQuery = z.strictObject({
  from: From.optional().meta({ description: 'With a context: as in the JSON body, `from=harden`.' }),
});

type Asked = { readonly from?: string | undefined; readonly template?: unknown; readonly contextId?: string };

const description =
  'A build at a breakpoint (the event `build.paused` says how to log in, and until when it waits) goes on as it is.\n\n' +
  'A build that is held runs the step that failed again, in its machine as that is now, or goes on from an earlier one, `from`: a ' +
  'step that connects to the guest, provisions it, seals it or shuts it down. With a template in the body, or an archive as ' +
  '`POST /builds` takes it, it goes on with that: its steps before that one have to have the same names and types, and its machine ' +
  'to be the same. Its provisioners from that step on, seal, shutdown and post-processors replace those of the ' +
  'build. The time of the build begins anew. It may fail and be held again. Where the build has sensitive values, the template has to come ' +
  'with the token that they came with, and to leave them sensitive.\n\n' +
  '```sh\ncurl -X POST -H "Authorization: Bearer $IMAGED_TOKEN" "$IMAGED_URL/builds/$ID/resume"\n\n' +
  'tar cz template.json harden.sh | curl --data-binary @- -H "Content-Type: application/gzip" -H "Authorization: Bearer $IMAGED_TOKEN" "$IMAGED_URL/builds/$ID/resume?from=harden"\n```';

/** Going on: from a breakpoint, or from a step that had failed. */
export const addResumeRoute = (app: App, parts: ApiParts): void => {
  const { store, live, again } = parts;

  const resumeHeld = async (id: string, by: string, { from, ...sent }: Asked): Promise<void> => {
    const mended = sent.template === undefined ? undefined : await again.mend(id, { ...sent, requestedBy: by });
    await live.resumeHeld(id, {
      by,
      ...(from === undefined ? {} : { from }),
      ...(mended === undefined ? {} : { mended }),
    });
  };

  /** Throws `build_not_paused` for a build that is neither held nor at a breakpoint. */
  const resumePaused = (id: string, by: string, asked: Asked): void => {
    const said = Object.keys(asked).filter((key) => key !== 'contextId');
    if (live.pauses(id).length > 0 && said.length > 0)
      throw invalid(said.map((key) => ({ pointer: `/${key}`, message: 'is for a held build: at a breakpoint it goes on as it is' }))); // prettier-ignore
    live.resume(id, by);
  };

  app.post('/builds/:id/resume', {
    config: { scope: 'builds:write' },
    schema: {
      tags: ['Held builds'],
      operationId: 'resumeBuild',
      summary: 'Go on with a build that is held, or at a breakpoint',
      description,
      params: BuildParams,
      querystring: ResumeQuery,
      accepts: acceptsWith(ResumeBody),
      response: answers({ 204: nothing('It goes on.') }, [400, 404, 409, 413, 415, 422, 507]),
    },
    handler: async (request, reply) => {
      const { id } = request.params;
      const { status } = await findBuild(store, id);
      return withContext(request, reply, parts, { pointerInto: inBuildArchive, lasts: true }, async (context) => {
        const asked = context
          ? { ...request.query, template: context.template, contextId: context.contextId }
          : checked(ResumeBody, jsonOrNothing(request), 'body');
        if (status === 'held') await resumeHeld(id, request.tokenName, asked);
        else resumePaused(id, request.tokenName, asked);
        request.log.info({ build: id, from: asked.from, ...asker(request) }, 'build resumed');
        return { answer: reply.code(204).send(), isKept: status === 'held' };
      });
    },
  });
};
