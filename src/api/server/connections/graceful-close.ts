import type { Clock } from '../../../base/clock.ts';
import { orAborted, deferred } from '../../../base/waiting.ts';
import type { App } from '../app.ts';

// Followers and long polls end by themselves when the daemon stops; a download may go on for hours and is cut.
const mostMs = 2000;

/** Lets answers that are being given come to their end when the server closes, before it cuts every connection. */
export const addGracefulClose = (app: App, clock: Clock): void => {
  let answering = 0;
  const allAnswered = deferred<void>();
  let isClosing = false;
  const answered = () => {
    answering -= 1;
    if (isClosing && answering === 0) allAnswered.resolve();
  };
  app.addHook('onRequest', (_request, reply, done) => {
    answering += 1;
    reply.raw.once('close', answered);
    done();
  });
  app.addHook('preClose', async () => {
    isClosing = true;
    if (answering === 0) return;
    const enough = new Error('Some answers take too long');
    using patience = clock.deadline(mostMs, new AbortController().signal, () => enough);
    // What has not ended by then is cut, which its reader sees.
    await orAborted(allAnswered.promise, patience.signal).catch((error: unknown) => {
      if (error !== enough) throw error;
    });
  });
};
