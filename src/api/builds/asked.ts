/** What requests for builds and for runs have in common: two forms of body, a query, a key. */

import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { VariableValues } from '../../base/records/variable-value.ts';
import type { Received } from '../../build/contexts.ts';
import type { RequestKey } from '../../build/submit.ts';
import { isPackerJson, whyPackerTemplate } from '../../packer/template-form.ts';
import type { BuildAsk } from '../../queue/asked.ts';
import { Variables } from '../contract/common.ts';
import { contextTypes, encodingOf, hasBody, refuseType } from '../server/bodies.ts';
import { checked, invalid } from '../server/field-errors.ts';
import type { CommonBody, CommonQuery } from './request.ts';

type Query = Omit<z.output<typeof CommonQuery>, 'validate'>;

type Asked = Omit<BuildAsk, 'requestedBy' | 'machine'>;

// Printable ASCII, as the Idempotency-Key draft's examples are; bounded, because it is kept.
const KeyHeader = z.object({
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/, 'is not 1 to 255 printable characters')
    .optional(),
});

/** The key of a request, once the digest of its context is known. Throws `invalid_input`. */
export const requestKeyOf = (request: FastifyRequest): ((contextDigest?: string) => RequestKey | undefined) => {
  const given = { 'idempotency-key': request.headers['idempotency-key'] };
  const { 'idempotency-key': key } = checked(KeyHeader, given, 'header');
  return (contextDigest) => (key === undefined ? undefined : { key, owner: request.tokenId, contextDigest });
};

const taken = `JSON (application/json), YAML (application/yaml) or an archive (${Object.keys(contextTypes).join(', ')})`;

/** Throws `unsupported_media_type` for a body that is neither JSON nor an archive. */
export const checkType = (request: FastifyRequest): void => {
  if (encodingOf(request) === undefined && (request.body === undefined || request.body instanceof Uint8Array))
    throw refuseType(request, taken);
};

/** The JSON body of a request that may have none. Throws `unsupported_media_type` for one that is something else. */
export const jsonOrNothing = (request: FastifyRequest): unknown => {
  const body = hasBody(request) ? request.body : {};
  if (hasBody(request)) checkType(request);
  checkJson(body, typeof request.query === 'object' && request.query !== null ? request.query : {});
  return body;
};

// The "machine" of a request is the name of one.
const isBareTemplate = (body: unknown): boolean =>
  typeof body === 'object' && body !== null && !('template' in body) && 'machine' in body && typeof body.machine === 'object'; // prettier-ignore

/** Refuses what a JSON body cannot be, or what its query cannot say besides. */
export const checkJson = (body: unknown, query: object): void => {
  const foreign = whyPackerTemplate(body);
  if (foreign !== undefined) {
    const how = isPackerJson(body) ? '. A template is sent as {"template": {...}}' : '';
    throw invalid([{ pointer: '', message: foreign + how }]);
  }
  if (isBareTemplate(body))
    throw invalid([{ pointer: '', message: 'looks like a template itself: wrap it, {"template": {…}}' }]);
  const misplaced = Object.keys(query).filter((key) => key !== 'validate' && key !== 'cache');
  if (misplaced.length > 0)
    throw invalid(misplaced.map((key) => ({ pointer: `query:/${key}`, message: 'belongs into the JSON body' })));
};

const toWebhook = ({ url, events, secret }: NonNullable<z.output<typeof CommonBody>['notify']>[number]) => ({
  ...{ url, events },
  ...(secret === undefined ? {} : { secret }),
});

/** What a JSON body says. */
export const askedIn = ({
  timeout,
  on_error: onError,
  debug,
  force,
  notify,
  cache,
  ...asked
}: z.output<typeof CommonBody>): Asked => ({
  ...asked,
  onError,
  ...(debug ? { debug } : {}),
  ...(force ? { force } : {}),
  ...(cache === undefined ? {} : { cache }),
  ...(notify === undefined ? {} : { notify: notify.map(toWebhook) }),
  ...(timeout === undefined ? {} : { timeoutMs: timeout }),
});

/** What variables.json and the query say together. */
export const askedVariables = (
  { variables }: Pick<Received, 'variables'>,
  { variable = {} }: Pick<Query, 'variable'>,
): VariableValues => {
  if (variables === undefined) return variable;
  const kept = checked(Variables, variables.values, variables.file);
  const twice = Object.keys(variable).filter((name) => Object.hasOwn(kept, name));
  if (twice.length > 0)
    throw invalid(
      twice.map((name) => ({ pointer: `query:/variable/${name}`, message: `stands in ${variables.file} too` })),
    );
  return { ...kept, ...variable };
};

/** What a context and the query say together. */
export const askedWith = (received: Received, query: Query): Asked => ({
  template: received.template,
  variables: askedVariables(received, query),
  labels: query.label ?? {},
  priority: query.priority ?? 0,
  onError: query.on_error ?? 'cleanup',
  ...(query.debug === 'true' ? { debug: true } : {}),
  ...(query.force === 'true' ? { force: true } : {}),
  ...(query.cache === undefined ? {} : { cache: query.cache }),
  ...(query.timeout === undefined ? {} : { timeoutMs: query.timeout }),
  contextId: received.contextId,
});

const archive = z.string().meta({
  format: 'binary',
  description:
    'An archive whose `template.json`, `template.yaml` or `template.yml` is the template, or whose `*.pkr.hcl` and `*.pkr.json` are one of Packer.',
});

/** The bodies that such a route takes, for its documentation. */
export const acceptsWith = (body: z.ZodType) => ({
  'application/json': body,
  'application/yaml': body,
  'application/x-tar': archive,
  'application/gzip': archive,
  'application/zstd': archive,
});

export const headerNotes = {
  'Idempotency-Key': 'A name of your choice for this request, 1 to 255 characters: a commit’s id, a UUID.',
};
