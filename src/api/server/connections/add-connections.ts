import type { LingeringClose } from '../../../base/http/lingering-close.ts';
import type { App } from '../app.ts';
import type { Connections } from './connections.ts';
import type { Timeouts } from './timeouts.ts';
import type { PaceWatch } from './watch-pace.ts';

/** Says of each connection what its requests show: whether one is under way, and whether its client has a token. */
export const addConnections = (
  app: App,
  {
    connections,
    lingering,
    pace,
    timeouts,
  }: {
    readonly connections: Connections;
    readonly lingering: LingeringClose;
    readonly pace: PaceWatch;
    readonly timeouts: Timeouts;
  },
): void => {
  // Runs after the token was looked at.
  app.addHook('onRequest', (request, reply, done) => {
    const { socket } = request.raw;
    const isKnown = request.tokenId !== '';
    connections.begins(socket);
    if (isKnown) connections.isKnown(socket);
    // Not `onResponse`, which comes later: by then the next request may have begun.
    reply.raw.once('finish', () => {
      connections.ends(socket);
      // Node has just set the time of a stranger, unless another answer is due or the connection closes.
      if (isKnown && Number(socket.timeout) > 0) socket.setTimeout(timeouts.idleMs);
    });
    done();
  });
  app.addHook('preClose', (done) => {
    lingering[Symbol.dispose]();
    done();
  });
  app.addHook('onClose', () => pace[Symbol.dispose]());
};
