import { z } from 'zod';

/** Whether a build goes on from kept layers: `auto` where there is one, `off` never, `only` or not at all. */
export const CacheMode = z.enum(['auto', 'off', 'only']);

export type CacheMode = z.output<typeof CacheMode>;

/** The stricter of two: what a request says of the whole and what a template says of a part are both heeded. */
export const strictest = (one: CacheMode, other: CacheMode): CacheMode =>
  one === 'off' || other === 'off' ? 'off' : one === 'only' || other === 'only' ? 'only' : 'auto';
