import { useEffect, useState } from 'preact/hooks';
import { Table } from '../parts/table.tsx';
import { Trouble } from '../parts/trouble.tsx';
import { useNow } from '../parts/use.ts';
import type { ViewProps } from '../shell/views.ts';
import { filterOf, Filters } from './filters.tsx';
import { matches } from './matches.ts';
import { columns } from './row.tsx';
import { useBuilds } from './use-builds.ts';
import { useWaiting } from './use-waiting.ts';

const More = ({ more }: { readonly more: (() => Promise<void>) | undefined }) => {
  const [error, setError] = useState<Error>();
  if (more === undefined) return null;
  const load = () => void more().catch((caught: unknown) => setError(caught instanceof Error ? caught : undefined));
  return (
    <p>
      <button type="button" onClick={load}>
        Older builds
      </button>
      <Trouble error={error} />
    </p>
  );
};

/** The builds, as they change. */
export const BuildList = ({ place }: ViewProps) => {
  const filter = filterOf(place.query);
  const { builds, more, error } = useBuilds(filter);
  const now = useNow(1000);
  const waiting = useWaiting(builds);
  const shown = builds?.filter((build) => matches(build, filter.text));
  useEffect(() => {
    document.title = 'Builds – imaged';
  }, []);
  return (
    <>
      <h1>Builds</h1>
      <Filters filter={filter} />
      <Trouble error={error} />
      {shown === undefined ? null : (
        <Table label="Builds" kind="builds" columns={columns(now, waiting)} rows={shown} keyOf={({ id }) => id} />
      )}
      {shown?.length === 0 ? <p class="quiet">No build is like that.</p> : null}
      <More more={more} />
    </>
  );
};
