import { useState } from 'preact/hooks';
import { call } from '../api/call.ts';
import { followChanges } from '../api/changes.ts';
import type { Run } from '../api/types.ts';
import { settled, useWork } from '../parts/use.ts';

// How soon after a change of one of its builds the run is read again.
const settleMs = 250;

const isOver = ({ ended_at }: Run): boolean => ended_at !== undefined;

/** A run, followed to its end; `refresh` reads it anew. */
export const useRun = (id: string) => {
  const [run, setRun] = useState<Run>();
  const [times, setTimes] = useState(0);
  const path = `runs/${encodeURIComponent(id)}`;
  const error = useWork(
    async (signal) => {
      const over = new AbortController();
      const until = AbortSignal.any([signal, over.signal]);
      const load = async () => {
        const now = await call<Run>(path, { signal: until });
        setRun(now);
        if (isOver(now)) over.abort();
      };
      await load();
      if (until.aborted) return;
      const change = settled(() => void load().catch(() => undefined), settleMs, until);
      await followChanges(
        {
          stands: (build) => {
            if (build.run === id) change();
          },
          isFurther: (further, progress) =>
            setRun(
              (old) =>
                old && { ...old, builds: old.builds.map((one) => (one.id === further ? { ...one, progress } : one)) },
            ),
          isGone: change,
          others: change,
        },
        until,
      );
    },
    [path, times],
  );
  return { run, error, refresh: () => setTimes((before) => before + 1) };
};
