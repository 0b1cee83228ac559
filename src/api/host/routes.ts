import { z } from 'zod';
import { Fault, faults, type FaultCode } from '../../base/fault.ts';
import { answers, json, text } from '../contract/answers.ts';
import type { App } from '../server/app.ts';
import { nearest } from '../../base/nearest.ts';
import { snakeCased } from '../../base/snake-case.ts';
import { goneSignal } from '../server/gone.ts';
import { Health, Host, ProblemRow, ProblemTable, Readiness } from './schema.ts';
import type { ApiParts } from '../types.ts';

const tags = ['Host'];
const CodeParams = z.object({ code: z.string().max(64).meta({ description: 'The `code` of a problem.' }) });

const isCode = (code: string): code is FaultCode => Object.hasOwn(faults, code);

const rowOf = (code: FaultCode) => {
  const { class: kind, status, title } = faults[code];
  return { code, class: kind, status, title, retryable: kind === 'infra', type: `/problems/${code}` };
};

/** What is asked about the daemon and its host. */
export const addSystemRoutes = (app: App, parts: ApiParts): void => {
  const { signal, metrics, version } = parts;

  app.get('/healthz', {
    config: { scope: 'none' },
    schema: {
      tags,
      operationId: 'getHealth',
      summary: 'Whether the daemon answers',
      description: 'Needs no token.',
      response: answers({ 200: json(Health, 'It does.') }, []),
    },
    handler: async () => ({ status: 'ok', version }),
  });

  app.get('/readyz', {
    config: { scope: 'none' },
    schema: {
      tags,
      operationId: 'getReadiness',
      summary: 'Whether builds can run',
      description:
        'Looks at the store, the hypervisor and the free disk space, and tells what was found about the rest of the host some seconds ago. `imaged check`, on the host, says what to type. Needs no token.',
      response: answers(
        { 200: json(Readiness, 'They can.'), 503: json(Readiness, 'They cannot; `checks` says why.') },
        [],
      ),
    },
    handler: async (_request, reply) => {
      const checks = await parts.readiness(AbortSignal.any([signal, goneSignal(reply)]));
      const ready = checks.every(({ state }) => state !== 'fail');
      if (!ready) void reply.code(503).header('retry-after', '5');
      return reply.send({ ready, checks });
    },
  });

  app.get('/metrics', {
    config: { scope: 'builds:read' },
    schema: {
      tags,
      operationId: 'getMetrics',
      summary: 'Figures for Prometheus',
      response: answers({ 200: text('text/plain', 'The Prometheus text format.') }, []),
    },
    handler: async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()),
  });

  app.get('/host', {
    config: { scope: 'builds:read' },
    schema: {
      tags,
      operationId: 'getHost',
      summary: 'What this host can do',
      response: answers({ 200: json(Host, 'Hypervisor, capacity, slots, media, checks.') }, []),
    },
    handler: async (_request, reply) =>
      reply.send(snakeCased(await parts.host(AbortSignal.any([signal, goneSignal(reply)])))),
  });

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
    handler: async (_request, reply) => reply.type('application/schema+json').send(parts.templateSchema),
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
