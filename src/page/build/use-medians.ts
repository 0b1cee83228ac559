import { useState } from 'preact/hooks';
import { call } from '../api/call.ts';
import type { Build, RecentStepTimes } from '../api/types.ts';
import { useWork } from '../parts/use.ts';

/** How long each step took in the last good builds of the template, in milliseconds by name; empty until that is known. */
export const useMedians = ({ template, machine }: Build): ReadonlyMap<string, number> => {
  const [medians, setMedians] = useState<ReadonlyMap<string, number>>(new Map());
  useWork(
    async (signal) => {
      const query = new URLSearchParams({ template: template.name, ...(machine === undefined ? {} : { machine }) });
      const { steps } = await call<RecentStepTimes>(`statistics/steps?${query.toString()}`, { signal });
      setMedians(new Map(steps.map(({ name, p50_seconds }) => [name, p50_seconds * 1000])));
    },
    [template.name, machine],
  );
  return medians;
};
