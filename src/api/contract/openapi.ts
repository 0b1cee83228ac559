import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import type { FastifySchema, RouteOptions } from 'fastify';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { stringify } from 'yaml';
import type { z } from 'zod';
import type { App } from '../server/app.ts';
import { failing } from './answers.ts';
import { withoutUnused } from './used-schemas.ts';

// Only an interface can be widened from outside.
/* oxlint-disable typescript/consistent-type-definitions */
declare module 'fastify' {
  interface FastifySchema {
    /** The bodies that a route takes, by media type, when it reads them itself. */
    accepts?: Readonly<Record<string, z.ZodType>>;
    /** Request headers that a route reads, and what they say. */
    headerNotes?: Readonly<Record<string, string>>;
  }
}
/* oxlint-enable typescript/consistent-type-definitions */

type Transform = NonNullable<FastifyDynamicSwaggerOptions['transform']>;
type Given = Parameters<Transform>[0];

const about = `imaged builds virtual machine images: it boots an installer, holds the conversation on the serial console,
provisions the system over ssh and publishes the disk as a file.

Everything is JSON in snake_case; times are RFC 3339 in UTC, sizes are in the unit that their name ends in. Every error
is a problem document (RFC 9457) with a stable \`code\`; all codes are listed at \`/problems\`. The examples are for a
shell with \`IMAGED_URL=http://127.0.0.1:8080\` and \`IMAGED_TOKEN\` set to what \`imaged token add\` printed.`;

// The type provider turns one zod schema into JSON schema only as a part of a route, so it is given such a part.
const jsonOf = (schema: z.ZodType, given: Given): unknown => {
  const { schema: shown } = jsonSchemaTransform({ ...given, schema: { body: schema } });
  return typeof shown === 'object' && shown !== null && 'body' in shown ? shown.body : undefined;
};

const isAnswer = (answer: unknown): answer is ReturnType<typeof failing> =>
  typeof answer === 'object' && answer !== null && 'description' in answer;

const scopeOf = (route: RouteOptions): string => route.config?.scope ?? 'none';

/** The route's answers, with those that every route with a token shares. */
const responsesOf = (schema: FastifySchema, route: RouteOptions): Readonly<Record<string, unknown>> => ({
  ...(scopeOf(route) === 'none' ? { 400: failing('The request cannot be read.') } : {}),
  ...(typeof schema.response === 'object' ? schema.response : {}),
  ...(scopeOf(route) === 'none'
    ? {}
    : {
        401: failing('No valid bearer token came with the request.'),
        403: failing('The token lacks the scope that this needs.'),
      }),
  default: failing('Any other problem: the request cannot be read, or the host is in trouble.'),
});

/** Prints a route: what the type provider does, and bodies by media type, headers of replies, and the scope. */
const transform: Transform = (given) => {
  const { schema: asked, route } = given;
  if (!asked || asked.hide) return jsonSchemaTransform(given);
  const { accepts, headerNotes, response: _response, ...schema } = asked;
  const responses = responsesOf(asked, route);
  const withContent = Object.fromEntries(
    Object.entries(responses).filter(([, answer]) => isAnswer(answer) && answer.content !== undefined),
  );
  const { schema: shown, url } = jsonSchemaTransform({ ...given, schema: { ...schema, response: withContent } });
  const printed: Readonly<Record<string, unknown>> =
    typeof shown === 'object' && shown !== null && 'response' in shown && typeof shown.response === 'object'
      ? { ...shown.response }
      : {};
  const response = Object.fromEntries(
    Object.entries(responses).map(([status, answer]) => {
      const headers =
        isAnswer(answer) && answer.headers
          ? Object.fromEntries(
              Object.entries(answer.headers).map(([name, note]) => [name, { type: 'string', ...note }]),
            )
          : undefined;
      const own = printed[status] ?? { description: isAnswer(answer) ? answer.description : '', type: 'null' };
      return [status, { ...own, ...(headers ? { headers } : {}) }];
    }),
  );
  const bodies = accepts && {
    content: Object.fromEntries(Object.entries(accepts).map(([type, body]) => [type, { schema: jsonOf(body, given) }])),
  };
  const headers = headerNotes && {
    type: 'object',
    properties: Object.fromEntries(
      Object.entries(headerNotes).map(([name, description]) => [name, { type: 'string', description }]),
    ),
  };
  const scope = scopeOf(route);
  return {
    url,
    schema: {
      ...shown,
      ...(bodies ? { body: bodies } : {}),
      ...(headers ? { headers } : {}),
      response,
      ...(scope === 'none'
        ? { security: [] }
        : { description: `${asked.description ?? ''}\n\nScope: \`${scope}\`.`.trim() }),
    },
  };
};

/** Settings of @fastify/swagger for the printed contract. */
export const openapiOptions = (version: string): FastifyDynamicSwaggerOptions => ({
  openapi: {
    openapi: '3.1.0',
    info: {
      title: 'imaged',
      version,
      description: about,
      license: { name: 'ISC', identifier: 'ISC' },
      contact: { name: 'The administrator of this host' },
    },
    servers: [{ url: '/', description: 'This host.' }],
    tags: [
      { name: 'Builds', description: 'Start builds, watch them, and hear how they ended.' },
      { name: 'Runs', description: 'Builds of several machines of one template, with one result.' },
      { name: 'Artifacts', description: 'What a build published.' },
      { name: 'Schedules', description: 'Builds of stored templates at times of a calendar.' },
      { name: 'Statistics', description: 'What became of many builds together, and how long they took.' },
      { name: 'Webhooks', description: 'What was told of builds, to whom, and how that went.' },
      { name: 'Vagrant', description: 'The boxes that builds have made.' },
      { name: 'Held builds', description: 'The machine of a build that failed and was asked to be kept.' },
      { name: 'Templates', description: 'Templates that the host keeps, in versions that never change.' },
      { name: 'Secrets', description: 'Secrets of the host, which templates name and no answer shows.' },
      { name: 'Layers', description: 'What builds have made up to a step, kept for later builds to go on from.' },
      { name: 'Media', description: 'What machines may begin with: files of the host, and images that were uploaded.' },
      { name: 'Sessions', description: 'Browsers that have logged in.' },
      { name: 'Host', description: 'The daemon and its host.' },
    ],
    components: {
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          description:
            'From `imaged token add`. Scopes: `builds:read`; `builds:write`, which includes it; `admin`, which includes all.',
        },
      },
    },
    security: [{ token: [] }],
  },
  transform,
  transformObject: (given) => withoutUnused(jsonSchemaTransformObject(given)),
});

/** The contract as YAML, the same for the same schemas: what `openapi.yaml` holds. */
export const printOpenApi = (app: App): string =>
  `# Printed from the schemas in src/api by "npm run openapi". Edit those.\n${stringify(app.swagger(), { lineWidth: 0, blockQuote: 'literal', aliasDuplicateObjects: false })}`;
