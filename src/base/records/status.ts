import { z } from 'zod';

export const Status = z.enum(['queued', 'running', 'held', 'succeeded', 'failed', 'cancelled']).meta({
  id: 'BuildStatus',
  description:
    'Where a build stands. This list never grows. `queued`, `running` and `held` go on; `succeeded`, `failed` and ' +
    '`cancelled` are the end. A `held` build has failed but keeps its machine for a while, so that you can look at it.',
});
/** Never grows: a client's switch over it stays complete. Detail while running is in `phase`. */
export type Status = z.output<typeof Status>;

/** Nothing more comes of such a build. */
export const isEnded = (status: Status): boolean =>
  status === 'succeeded' || status === 'failed' || status === 'cancelled';
