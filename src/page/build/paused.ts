import type { BuildEvent } from '../api/types.ts';

// After these a build is at no breakpoint any more.
const goesOn = /^(build\.(resumed|requeued|running|succeeded|failed|cancelled|held)|step\.ended)$/;

/** Whether the build is at a breakpoint, as its events have it. */
export const isPausedBy = (events: readonly BuildEvent[]): boolean =>
  events.findLast(({ type }) => type === 'build.paused' || goesOn.test(type))?.type === 'build.paused';
