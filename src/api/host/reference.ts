import { z } from 'zod';
import { Fault, faults, type FaultCode } from '../../base/fault.ts';
import { nearest } from '../../base/text/nearest.ts';
import { answers, json } from '../contract/answers.ts';
import type { App } from '../server/app.ts';
import type { ApiParts } from '../types.ts';
import { ProblemRow, ProblemTable } from './schema.ts';

const tags = ['Host'];
const CodeParams = z.object({ code: z.string().max(64).meta({ description: 'The `code` of a problem.' }) });

const isCode = (code: string): code is FaultCode => Object.hasOwn(faults, code);

const rowOf = (code: FaultCode) => {
  const { class: kind, status, title } = faults[code];
  return { code, class: kind, status, title, retryable: kind === 'infra', type: `/problems/${code}` };
};

/** What clients and editors look up: the form of a template, and the table of problems. */
export const addReferenceRoutes = (app: App, { templateSchema }: ApiParts): void => {
  let form: ReturnType<typeof templateSchema> | undefined;
  app.get('/template.schema.json', {
    config: { scope: 'none' },
    schema: {
      tags: ['Templates'],
      operationId: 'getTemplateSchema',
      summary: 'The form of a template, for editors',
      description:
        'A JSON Schema (2020-12). `POST /builds?validate=true` judges more: units, patterns, files, what belongs together. Needs no token.',
      response: answers(
        { 200: { description: 'The schema.', content: { 'application/schema+json': { schema: z.unknown() } } } },
        [],
      ),
    },
    handler: async (_request, reply) => reply.type('application/schema+json').send((form ??= templateSchema())),
  });

  app.get('/problems', {
    config: { scope: 'none' },
    schema: {
      tags,
      operationId: 'listProblems',
      summary: 'The table of all problems',
      description: 'Everything that a request or a build can end in. Needs no token.',
      response: answers({ 200: json(ProblemTable, 'The table.') }, []),
    },
    handler: async () => ({ items: Object.keys(faults).filter(isCode).map(rowOf) }),
  });

  app.get('/problems/:code', {
    config: { scope: 'none' },
    schema: {
      tags,
      operationId: 'getProblem',
      summary: 'One kind of problem',
      description: 'What the `type` of a problem points to. Needs no token.',
      params: CodeParams,
      response: answers({ 200: json(ProblemRow, 'The row of the table.') }, [404]),
    },
    handler: async ({ params: { code } }) => {
      if (isCode(code)) return rowOf(code);
      const meant = nearest(code, Object.keys(faults));
      throw new Fault(
        'not_found',
        `There is no problem ${code}${meant === undefined ? '' : `; did you mean ${meant}?`}.`,
      );
    },
  });
};
