import type { Status } from '../../queue/store.ts';

// The queue's words once more, as values: the API knows the queue's types alone. A word that is missing here, or that
// the queue does not know, does not compile.

export const statusWords = {
  queued: 'queued',
  running: 'running',
  held: 'held',
  succeeded: 'succeeded',
  failed: 'failed',
  cancelled: 'cancelled',
} as const satisfies { readonly [Word in Status]: Word };
