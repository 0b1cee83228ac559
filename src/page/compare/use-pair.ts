import { useState } from 'preact/hooks';
import { call } from '../api/call.ts';
import { eventsNow } from '../api/events-now.ts';
import type { Build, Input, Step } from '../api/types.ts';
import { layerStory } from '../build/layers.ts';
import { timelineRows, type TimelineRow } from '../build/rows.ts';
import { isEnded } from '../api/types.ts';
import { useWork } from '../parts/use.ts';
import { lastGoodOf } from './last-good.ts';

/** A build, with what of it is compared; the steps are those of its last attempt. */
export type Compared = { readonly build: Build; readonly input: Input; readonly rows: readonly TimelineRow[] };

export type Pair = { readonly a: Compared; readonly b: Compared };

const load = async (build: Build, signal: AbortSignal): Promise<Compared> => {
  const path = `builds/${build.id}`;
  const [{ items }, input, events] = await Promise.all([
    call<{ readonly items: readonly Step[] }>(`${path}/steps`, { signal }),
    call<Input>(`${path}/input`, { signal }),
    eventsNow(build.id, signal),
  ]);
  const rows = timelineRows(
    items.filter(({ attempt }) => attempt === build.attempt),
    input.plan,
    {
      now: Date.now(),
      isOver: isEnded(build.status),
      takenUpTo: layerStory(events, build.attempt).hit?.step,
    },
  );
  return { build, input, rows };
};

export type FoundPair = { readonly pair?: Pair; readonly nothing?: string };

/** Two builds as they stand now. Without `a` it is the last good build of the template of `b`. */
export const usePair = (a: string, b: string) => {
  const [found, setFound] = useState<FoundPair>();
  const error = useWork(
    async (signal) => {
      setFound(undefined);
      if (b === '') return;
      const find = (id: string) => call<Build>(`builds/${encodeURIComponent(id)}`, { signal });
      const second = await find(b);
      const first = a === '' ? await lastGoodOf(second, signal) : await find(a);
      if (first === undefined)
        return setFound({ nothing: `No other build of ${second.template.name} has succeeded yet.` });
      const [one, other] = await Promise.all([load(first, signal), load(second, signal)]);
      setFound({ pair: { a: one, b: other } });
    },
    [a, b],
  );
  return { found, error };
};
