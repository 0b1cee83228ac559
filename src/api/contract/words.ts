import type { Phase, Status } from '../../queue/store.ts';

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

export const phaseWords = {
  preparing: 'preparing',
  installing: 'installing',
  booting: 'booting',
  connecting: 'connecting',
  provisioning: 'provisioning',
  sealing: 'sealing',
  packaging: 'packaging',
  publishing: 'publishing',
} as const satisfies { readonly [Word in Phase]: Word };
