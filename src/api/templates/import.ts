import { z } from 'zod';
import { answers, json } from '../contract/answers.ts';
import { Note } from '../builds/plan-schema.ts';
import { BuildQuery } from '../builds/request.ts';
import { inTemplateArchive, withContext } from '../builds/receiving.ts';
import type { App } from '../server/app.ts';
import type { ApiParts } from '../types.ts';
import { tags } from './common.ts';
import { sentTemplate } from './sent.ts';

const sent = sentTemplate({
  what: 'a template of Packer',
  documents: ['application/json'],
  archive:
    'An archive whose `template.json`, or whose `*.pkr.hcl` and `*.pkr.json`, are the template of Packer, beside the files that it names.',
});

const Query = BuildQuery.pick({ variable: true }).extend({
  as: z.enum(['imaged'], 'is not imaged').default('imaged').meta({ description: 'The form to translate into.' }),
});

const Imported = z
  .object({
    machines: z
      .array(
        z.object({
          name: z.string().meta({ description: 'The name of the builder.' }),
          template: z.record(z.string(), z.unknown()).meta({ description: 'A template of imaged.' }),
        }),
      )
      .meta({ description: 'One for each builder, in their order.' }),
    notes: z.array(Note).meta({ description: 'What has no meaning here, or may not be what was meant.' }),
  })
  .meta({ id: 'ImportedTemplate', description: 'A template of Packer, translated.' });

/** Translating templates of Packer. */
export const addImportRoute = (app: App, parts: ApiParts): void => {
  app.post('/templates/import', {
    config: { scope: 'builds:read' },
    schema: {
      tags,
      operationId: 'importTemplate',
      summary: 'Translate a template of Packer',
      description:
        'Gives a template of imaged for each builder. Nothing is stored. What cannot be translated is told with its place; ' +
        'what has no meaning here is a note. `variable=name=value` gives a value that the translation depends on.\n\n' +
        '```sh\ncurl --json @packer.json -H "Authorization: Bearer $IMAGED_TOKEN" "$IMAGED_URL/templates/import?as=imaged"\n```',
      querystring: Query,
      accepts: sent.accepts,
      response: answers({ 200: json(Imported, 'The translation.') }, [400, 413, 415, 422, 507]),
    },
    handler: async (request, reply) => {
      sent.check(request);
      return withContext(request, reply, parts, { pointerInto: inTemplateArchive, lasts: false }, async (context) => {
        const given = context ? context.template : request.body;
        const machines = await parts.admission.translate(given, request.query.variable ?? {}, context);
        // What concerns several builders is noted once.
        const notes = new Map(
          machines.flatMap((machine) => machine.notes).map((one) => [`${one.pointer} ${one.message}`, one]),
        );
        const shown = {
          machines: machines.map(({ name, document: template }) => ({ name, template })),
          notes: [...notes.values()].map(({ pointer, message }) => ({
            pointer: context ? inTemplateArchive(pointer, context) : pointer,
            message,
          })),
        };
        return { answer: reply.send(shown), isKept: false };
      });
    },
  });
};
