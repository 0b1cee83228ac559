import { answers, json, text } from '../contract/answers.ts';
import type { App } from '../server/app.ts';
import { snakeCased } from '../../base/json/snake-case.ts';
import { disconnectSignal } from '../server/connections/disconnect.ts';
import type { ApiParts } from '../types.ts';
import { Health, Host, Readiness } from './schema.ts';

const tags = ['Host'];

/** What is asked about the daemon and its host. */
export const addHostRoutes = (app: App, parts: ApiParts): void => {
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
      const checks = await parts.readiness(AbortSignal.any([signal, disconnectSignal(reply)]));
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
      reply.send(snakeCased(await parts.host(AbortSignal.any([signal, disconnectSignal(reply)])))),
  });
};
