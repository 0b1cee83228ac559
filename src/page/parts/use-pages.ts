import { useState } from 'preact/hooks';
import { call } from '../api/call.ts';
import type { Page } from '../api/types.ts';
import { useWork } from './use.ts';

/** A list of the API, page by page: `more` loads the next, and is undefined where there is none. */
export const usePages = <T>(path: string) => {
  const [listed, setListed] = useState<Page<T>>();
  const [later, setLater] = useState<Error>();
  const error = useWork(
    async (signal) => {
      setListed(undefined);
      setListed(await call<Page<T>>(path, { signal }));
    },
    [path],
  );
  const { items, next } = listed ?? {};
  const load = async (after: string) => {
    const page = await call<Page<T>>(`${path}${path.includes('?') ? '&' : '?'}after=${encodeURIComponent(after)}`);
    setListed((old) => ({ ...page, items: [...(old?.items ?? []), ...page.items] }));
  };
  const more =
    next === undefined
      ? undefined
      : () =>
          void load(next).catch((caught: unknown) =>
            setLater(caught instanceof Error ? caught : new Error(String(caught))),
          );
  return { items, more, error: error ?? later };
};
