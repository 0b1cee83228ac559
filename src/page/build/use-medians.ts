import { useState } from 'preact/hooks';
import { call } from '../api/call.ts';
import type { Build, Page, Step } from '../api/types.ts';
import { useWork } from '../parts/use.ts';

// Enough that one odd build does not count, and few enough to ask for one by one.
const looked = 5;

/** The median of each step by name, in milliseconds, of these builds' steps. */
export const mediansOf = (builds: readonly (readonly Step[])[]): ReadonlyMap<string, number> => {
  const took = new Map<string, number[]>();
  for (const { name, started_at, ended_at } of builds.flat())
    if (ended_at !== undefined)
      took.set(name, [...(took.get(name) ?? []), Date.parse(ended_at) - Date.parse(started_at)]);
  return new Map(
    [...took].map(([name, times]) => [
      name,
      times.sort((one, other) => one - other)[Math.floor(times.length / 2)] ?? 0,
    ]),
  );
};

/** How long each step took in the last good builds of the template; empty until that is known. */
export const useMedians = (template: string, except: string): ReadonlyMap<string, number> => {
  const [medians, setMedians] = useState<ReadonlyMap<string, number>>(new Map());
  useWork(
    async (signal) => {
      const query = new URLSearchParams({ template, status: 'succeeded', limit: String(looked + 1) });
      const { items } = await call<Page<Build>>(`builds?${query.toString()}`, { signal });
      const others = items.filter(({ id }) => id !== except).slice(0, looked);
      const steps = others.map(({ id }) => call<{ items: Step[] }>(`builds/${id}/steps`, { signal }));
      setMedians(mediansOf((await Promise.all(steps)).map((one) => one.items)));
    },
    [template, except],
  );
  return medians;
};
