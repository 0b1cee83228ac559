import type { FetchLimits } from './fetcher.ts';

/** What the configuration does not set. */
export const usualFetching = {
  downloads: 4,
  silentMs: 30_000,
  // 1 KB a second, as slowly as a client may send a body.
  leastRate: { bytes: 30 * 1024, windowMs: 30_000 },
  policy: { attempts: 4, firstMs: 1000, growth: 3, mostMs: 30_000 },
} satisfies Partial<FetchLimits>;
