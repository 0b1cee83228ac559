import type { Build, Queue } from '../api/types.ts';
import { usePolled } from '../parts/use-polled.ts';

const everyMs = 5000;

/** Why builds wait, by their ids, where some of those that are shown do; of the first of the queue alone the API tells it. */
export const useWaiting = (builds: readonly Build[] | undefined): ReadonlyMap<string, string> => {
  const isAsked = builds?.some(({ status }) => status === 'queued') === true;
  const { value } = usePolled<Queue>(isAsked ? 'queue' : undefined, everyMs);
  return new Map(
    (isAsked ? (value?.items ?? []) : []).flatMap(({ id, waiting }) =>
      waiting?.message === undefined ? [] : [[id, waiting.message] as const],
    ),
  );
};
