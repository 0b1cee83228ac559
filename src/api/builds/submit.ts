import { z } from 'zod';
import type { BuildAsk } from '../../queue/store.ts';
import { answers, etagHeader, json } from '../contract/answers.ts';
import type { App } from '../server/app.ts';
import { contextTypes, encodingOf, refuseType } from '../server/bodies.ts';
import { checked, invalid } from '../server/field-errors.ts';
import { asker } from '../server/auth.ts';
import type { VariableValues } from '../../base/records/variable-value.ts';
import type { Received } from '../../build/contexts.ts';
import { Variables } from '../contract/common.ts';
import { inBuildArchive, withContext } from './receiving.ts';
import { BuildAskBody, BuildQuery } from './request.ts';
import { Build, Plan } from './schema.ts';
import { whyPackerTemplate } from '../../packer/template-form.ts';
import type { ApiParts } from '../types.ts';
import { showNewBuild, type View } from './view.ts';

type Query = z.output<typeof BuildQuery>;

type Asked = Omit<BuildAsk, 'requestedBy'>;

// Printable ASCII, as the Idempotency-Key draft's examples are; bounded, because it is kept.
const KeyHeader = z.object({
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/, 'is not 1 to 255 printable characters')
    .optional(),
});

const fromJson = (body: unknown, query: Query): Asked => {
  const foreign = whyPackerTemplate(body);
  if (foreign !== undefined)
    throw invalid([{ pointer: '', message: `${foreign}. A template is sent as {"template": {...}}` }]);
  const misplaced = Object.keys(query).filter((key) => key !== 'validate');
  if (misplaced.length > 0)
    throw invalid(misplaced.map((key) => ({ pointer: `query:/${key}`, message: 'belongs into the JSON body' })));
  const { template, variables, labels, priority, timeout, on_error: onError } = checked(BuildAskBody, body, 'body');
  return { template, variables, labels, priority, onError, ...(timeout === undefined ? {} : { timeoutMs: timeout }) };
};

/** What variables.json and the query say together. */
const variablesFrom = ({ variables }: Received, { variable = {} }: Query): VariableValues => {
  if (variables === undefined) return variable;
  const kept = checked(Variables, variables.values, variables.file);
  const twice = Object.keys(variable).filter((name) => Object.hasOwn(kept, name));
  if (twice.length > 0)
    throw invalid(
      twice.map((name) => ({ pointer: `query:/variable/${name}`, message: `stands in ${variables.file} too` })),
    );
  return { ...kept, ...variable };
};

const fromContext = (received: Received, query: Query): Asked => ({
  template: received.template,
  variables: variablesFrom(received, query),
  labels: query.label ?? {},
  priority: query.priority ?? 0,
  onError: query.on_error ?? 'cleanup',
  ...(query.timeout === undefined ? {} : { timeoutMs: query.timeout }),
  contextId: received.contextId,
});

const archive = z.string().meta({
  format: 'binary',
  description: 'An archive whose `template.json`, `template.yaml` or `template.yml` is the template.',
});

const taken = `JSON (application/json), YAML (application/yaml) or an archive (${Object.keys(contextTypes).join(', ')})`;

const description =
  'The body is JSON, the same in YAML, or a tar archive (plain, gzip or zstd) whose `template.json` or `template.yaml` is the template and whose other ' +
  'files it may refer to; then the query says the rest. The build is durable before the reply is sent.\n\n' +
  'Values of variables that are secret belong into a file `variables.json` of the archive, an object of names and texts: addresses ' +
  'are logged by proxies, and this file is read and deleted.\n\n' +
  'With an `Idempotency-Key`, the same request sent again gives the same build again, and another request under ' +
  'that key is refused with 422.\n\n' +
  '```sh\ncurl --json \'{"template": "openbsd@3", "variables": {"release": "7.9"}}\' -H "Authorization: Bearer $TOKEN" "$IMAGED/builds"\n\n' +
  'tar cz template.json harden.sh | curl --data-binary @- -H "Content-Type: application/gzip" -H "Authorization: Bearer $TOKEN" "$IMAGED/builds?variable=release=7.9&label=team=infra&timeout=2h"\n```';

const headerNotes = {
  'Idempotency-Key': 'A name of your choice for this request, 1 to 255 characters: a commit’s id, a UUID.',
};

const accepts = {
  'application/json': BuildAskBody,
  'application/yaml': BuildAskBody,
  'application/x-tar': archive,
  'application/gzip': archive,
  'application/zstd': archive,
};

/** Accepting builds. */
export const addSubmitRoute = (app: App, parts: ApiParts, view: View): void => {
  const { admission, submit } = parts;

  app.post('/builds', {
    config: { scope: 'builds:write' },
    schema: {
      tags: ['Builds'],
      operationId: 'createBuild',
      summary: 'Start a build, or see what it would do',
      description,
      querystring: BuildQuery,
      headerNotes,
      accepts,
      response: answers(
        {
          200: json(Plan, 'With `validate=true`: what the build would do. Nothing was stored.'),
          201: json(Build, 'The build is accepted.', {
            Location: { description: 'Its path.' },
            ...etagHeader,
            'Retry-After': { description: 'Seconds after which it is worth to look.' },
            'Idempotency-Replayed': { description: '`true` when an earlier request with this key made the build.' },
          }),
        },
        [400, 404, 413, 415, 422, 503, 507],
      ),
    },
    handler: async (request, reply) => {
      const { query } = request;
      const { 'idempotency-key': key } = checked(
        KeyHeader,
        { 'idempotency-key': request.headers['idempotency-key'] },
        'header',
      );
      if (encodingOf(request) === undefined && (request.body === undefined || request.body instanceof Uint8Array))
        throw refuseType(request, taken);

      return withContext(request, reply, parts, inBuildArchive, async (context) => {
        const asked = context ? fromContext(context, query) : fromJson(request.body, query);
        const ask = { ...asked, requestedBy: request.tokenName };
        if (query.validate === 'true') {
          const pointerTo = (pointer: string) => (context ? inBuildArchive(pointer, context) : pointer);
          return { answer: reply.send(showNewBuild(await admission.check(ask), pointerTo)), isKept: false };
        }
        const requestKey =
          key === undefined ? undefined : { key, owner: request.tokenId, contextDigest: context?.digest };
        const { build, replayed } = await submit(ask, requestKey);
        if (replayed) reply.header('idempotency-replayed', 'true');
        else request.log.info({ build: build.id, template: build.templateName, ...asker(request) }, 'build accepted');
        reply
          .code(201)
          .header('location', `/builds/${build.id}`)
          .header('etag', `"${build.version}"`)
          .header('retry-after', '5');
        return { answer: reply.send(view.build(build)), isKept: !replayed };
      });
    },
  });
};
