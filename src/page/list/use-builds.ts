import { useState } from 'preact/hooks';
import { call } from '../api/call.ts';
import type { Build, Page } from '../api/types.ts';
import { settled, useWork } from '../parts/use.ts';
import { followChanges } from '../api/changes.ts';
import type { Filter } from './filters.tsx';

const pageSize = '50';

// How soon after a change the list is read again.
const settleMs = 250;

const pathOf = ({ status, template, label }: Filter, after?: string): string => {
  const query = new URLSearchParams({ limit: pageSize });
  if (status.length > 0) query.set('status', status.join(','));
  if (template !== '') query.set('template', template);
  if (label !== '') query.set('label', label);
  if (after !== undefined) query.set('after', after);
  return `builds?${query.toString()}`;
};

type Listed = {
  readonly items: readonly Build[];
  readonly next?: string | undefined;
};

/** The newest page in place of what was there of it; what was loaded behind it stays. */
const renewed = (old: Listed | undefined, page: Page<Build>): Listed => {
  const last = page.items.at(-1)?.id;
  const behind = last === undefined || page.next === undefined ? [] : (old?.items.filter(({ id }) => id < last) ?? []);
  return { items: [...page.items, ...behind], next: behind.length > 0 ? old?.next : page.next };
};

/** The list with one build otherwise, if it has it. */
const withBuild = (listed: Listed | undefined, id: string, change: (build: Build) => Build): Listed | undefined =>
  listed && { ...listed, items: listed.items.map((build) => (build.id === id ? change(build) : build)) };

/** The builds that the filter leaves, the newest first, as they change; `more` loads the next page of them. */
export const useBuilds = (filter: Filter) => {
  const [listed, setListed] = useState<Listed>();
  const about = pathOf(filter);
  const error = useWork(
    async (signal) => {
      setListed(undefined);
      const load = async () => {
        const page = await call<Page<Build>>(about, { signal });
        setListed((old) => renewed(old, page));
      };
      await load();
      // Where imaged does not answer now, the stream begins anew later, and rings again.
      const others = settled(() => void load().catch(() => undefined), settleMs, signal);
      const isByStatus = filter.status.length > 0;
      await followChanges(
        {
          // What a filter by status leaves may be another by now.
          stands: (build) => (isByStatus ? others() : setListed((old) => withBuild(old, build.id, () => build))),
          isFurther: (id, progress) => setListed((old) => withBuild(old, id, (build) => ({ ...build, progress }))),
          isGone: (gone) => setListed((old) => old && { ...old, items: old.items.filter(({ id }) => id !== gone) }),
          others,
        },
        signal,
      );
    },
    [about],
  );
  const more = async () => {
    if (listed?.next === undefined) return;
    const page = await call<Page<Build>>(pathOf(filter, listed.next));
    setListed((old) => ({ items: [...(old?.items ?? []), ...page.items], next: page.next }));
  };
  return { builds: listed?.items, more: listed?.next === undefined ? undefined : more, error };
};
