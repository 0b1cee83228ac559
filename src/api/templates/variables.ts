import { z } from 'zod';
import { variableTypes, VariableValue } from '../../base/records/variable-value.ts';
import { askedVariables } from '../builds/asked.ts';
import { inBuildArchive, inTemplateArchive, withContext } from '../builds/receiving.ts';
import { BuildQuery } from '../builds/request.ts';
import { answers, json } from '../contract/answers.ts';
import { FieldError } from '../contract/common.ts';
import type { App } from '../server/app.ts';
import type { ApiParts } from '../types.ts';
import { noTemplate, Params, tags, VersionParams } from './common.ts';
import { sentTemplate } from './sent.ts';

const sent = sentTemplate({
  what: 'a template',
  documents: ['application/json', 'application/yaml'],
  archive:
    'An archive whose `template.json`, `template.yaml` or `template.yml` is the template, or whose `*.pkr.hcl` and `*.pkr.json` are one of Packer.',
});

const Declared = z
  .object({
    name: z.string().meta({ description: 'What it is called.' }),
    type: z.enum(variableTypes).meta({ description: 'What its value is.' }),
    default: VariableValue.optional().meta({
      description: 'Its value when none is sent. Missing where there is none, and where it is sensitive.',
    }),
    required: z.boolean().meta({ description: 'Whether a value must be sent.' }),
    description: z.string().optional().meta({ description: 'For people.' }),
    choices: z
      .array(z.union([z.string(), z.number(), z.boolean()]))
      .optional()
      .meta({ description: 'The values that it may have; of a list, those of each entry.' }),
    pattern: z.string().optional().meta({ description: 'A regular expression that the whole value must match.' }),
    sensitive: z.boolean().meta({ description: 'Whether its value is shown nowhere.' }),
    secret: z
      .string()
      .optional()
      .meta({ description: 'The secret of the host that is its value: no build can send another.' }),
  })
  .meta({ id: 'DeclaredVariable', description: 'A variable of a template.' });

export const TemplateVariables = z
  .object({
    variables: z.array(Declared).meta({ description: 'Its variables, in their order.' }),
    machines: z.array(z.string()).meta({
      description: 'Its machines: with several, a build names one. Empty where `errors` says why they are not known.',
    }),
    machines_by_values: z.boolean().meta({
      description:
        'Whether it is one of Packer, whose machines are worked out with the values of its variables: with others it may have others.',
    }),
    errors: z
      .array(FieldError)
      .optional()
      .meta({ description: 'What its machines cannot be told for: values that are wrong, or that were not sent.' }),
  })
  .meta({ id: 'TemplateVariables', description: 'What a template leaves to its builds.' });

const answer = json(TemplateVariables, 'The variables and the machines.');

type Told = Awaited<ReturnType<ApiParts['admission']['declared']>>;

const show = ({ variables, machines, areMachinesByValues, errors }: Told, placeOf = (pointer: string) => pointer) => ({
  variables: [...variables],
  machines: [...machines],
  machines_by_values: areMachinesByValues,
  ...(errors && { errors: errors.map(({ pointer, message }) => ({ pointer: placeOf(pointer), message })) }),
});

/** A value has its place where it was sent. */
const inArchive = (pointer: string, context: Parameters<typeof inBuildArchive>[1]): string =>
  pointer.startsWith('query:/variable/')
    ? inBuildArchive(pointer.replace('query:/variable/', '/variables/'), context)
    : inTemplateArchive(pointer, context);

const addSentRoute = (app: App, parts: ApiParts): void => {
  app.post('/templates/variables', {
    config: { scope: 'builds:read' },
    schema: {
      tags,
      operationId: 'readVariables',
      summary: 'See what variables a template has',
      description:
        'Nothing is stored. The template is one of imaged, with what it extends, or one of Packer. What machines one of Packer ' +
        'has may depend on the values of its variables: `variable=name=value` sends some, or `variables.json` in the archive, as for a build.\n\n' +
        '```sh\ncurl --json @template.json -H "Authorization: Bearer $IMAGED_TOKEN" "$IMAGED_URL/templates/variables"\n```',
      querystring: BuildQuery.pick({ variable: true }),
      accepts: sent.accepts,
      response: answers({ 200: answer }, [400, 413, 415, 422, 507]),
    },
    handler: async (request, reply) => {
      sent.check(request);
      const { query } = request;
      return withContext(request, reply, parts, { pointerInto: inArchive, lasts: false }, async (context) => {
        const given = context ? context.template : request.body;
        const values = context ? askedVariables(context, query) : (query.variable ?? {});
        const told = await parts.admission.declared(given, values, context);
        const shown = show(told, (pointer) => (context ? inArchive(pointer, context) : pointer));
        return { answer: reply.send(shown), isKept: false };
      });
    },
  });
};

/** What variables templates have: stored ones, and one that is sent. */
export const addVariableRoutes = (app: App, parts: ApiParts): void => {
  const { store, admission } = parts;

  app.get('/templates/:name/variables', {
    config: { scope: 'builds:read' },
    schema: {
      tags,
      operationId: 'listTemplateVariables',
      summary: 'List the variables of the newest version of a template',
      description: 'With those of the templates that it extends.',
      params: Params,
      response: answers({ 200: answer }, [404, 422]),
    },
    handler: async ({ params: { name } }) => {
      if ((await store.template(name)) === undefined) throw noTemplate(name);
      return show(await admission.declared(name, {}, undefined));
    },
  });

  app.get('/templates/:name/versions/:version/variables', {
    config: { scope: 'builds:read' },
    schema: {
      tags,
      operationId: 'listTemplateVersionVariables',
      summary: 'List the variables of one version of a template',
      description: 'With those of the templates that it extends.',
      params: VersionParams,
      response: answers({ 200: answer }, [404, 422]),
    },
    handler: async ({ params: { name, version } }) => {
      if ((await store.template(name, version)) === undefined) throw noTemplate(name, version);
      return show(await admission.declared(`${name}@${version}`, {}, undefined));
    },
  });
  addSentRoute(app, parts);
};
