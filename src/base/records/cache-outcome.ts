import { z } from 'zod';

/** What kept layers mean for a step of a plan. */
export const CacheOutcome = z.enum(['hit', 'miss', 'not_kept', 'unknown']);

export type CacheOutcome = z.output<typeof CacheOutcome>;
