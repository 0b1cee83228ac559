import type { ApiParts } from '../types.ts';
import type { App } from './app.ts';

// Node's parser knows some thirty methods; what no route has needs no series of its own.
const methods: readonly string[] = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'];

/** Tells of each request how long its answer took, by the route, so that no client can add a label. */
export const observeRequests = (app: App, { metrics, clock }: Pick<ApiParts, 'metrics' | 'clock'>): void => {
  const routes = new Map<string, string>();
  app.addHook('onRoute', ({ url }) => void routes.set(url, url.replace(/:([A-Za-z]+)/g, '{$1}')));
  app.addHook('onRequest', (request, reply, done) => {
    const began = clock.elapsed();
    // Not `onResponse`: that is not called when a client goes before the end.
    reply.raw.once('close', () => {
      const { url } = request.routeOptions;
      // 499 is nginx's word for a client that left before it was answered; a WebSocket is opened beside the answer.
      const unanswered = request.ws ? 101 : 499;
      const status = reply.raw.headersSent ? reply.raw.statusCode : unanswered;
      metrics.requestEnded(
        {
          route: routes.get(url ?? '') ?? 'none',
          method: methods.includes(request.method) ? request.method : 'other',
          status: `${Math.floor(status / 100)}xx`,
        },
        (clock.elapsed() - began) / 1000,
      );
    });
    done();
  });
};
