import { z } from 'zod';

/** The table [upgrade]: what becomes of running builds when the daemon is stopped. */
export const Upgrade = z
  .strictObject({
    keep_running: z
      .boolean()
      .default(true)
      .describe(
        'Whether machines run on when the daemon is stopped, so that the next one goes on with their builds; else those go back to the queue. A second SIGTERM stops them all the same.',
      ),
  })
  .prefault({});
