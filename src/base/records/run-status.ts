import { z } from 'zod';

export const RunStatus = z.enum(['queued', 'running', 'succeeded', 'failed', 'cancelled']).meta({
  id: 'RunStatus',
  description:
    'Where a run stands: one word for all of its builds. This list never grows. `queued`: none has begun. `running`: at least ' +
    'one goes on or has ended, and not all have. `succeeded`: all have. `failed`: all have ended, at least one badly. ' +
    '`cancelled`: all have ended, none badly, at least one was cancelled.',
});
export type RunStatus = z.output<typeof RunStatus>;

/** Nothing more comes of such a run. */
export const isRunEnded = (status: RunStatus): boolean => status !== 'queued' && status !== 'running';
