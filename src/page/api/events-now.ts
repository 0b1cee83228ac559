import { follow } from './follow.ts';
import type { BuildEvent } from './types.ts';

/** The events of a build that there are, in one answer. */
export const eventsNow = async (id: string, signal: AbortSignal): Promise<readonly BuildEvent[]> => {
  const events: BuildEvent[] = [];
  await follow<BuildEvent>(
    () => `builds/${encodeURIComponent(id)}/events?follow=false`,
    (event) => events.push(event),
    () => true,
    signal,
  );
  return events;
};
