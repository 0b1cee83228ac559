import type { Build, BuildEvent } from '../../queue/records.ts';
import type { View } from '../builds/view.ts';

/**
 * What a webhook is told of an event: its type and time at the top, as the Standard Webhooks specification has it, then
 * the event and the build as `GET /builds/{id}` showed it at that moment. `version` grows when a receiver would have to
 * change.
 */
export const makeTell =
  (view: Pick<View, 'build' | 'event'>) =>
  (build: Build, event: BuildEvent): string => {
    const { seq, at, type, data } = view.event(event, build.id);
    return JSON.stringify({
      version: 1,
      type,
      timestamp: at,
      data: { event: { seq, data }, build: view.build(build) },
    });
  };
