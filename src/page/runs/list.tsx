import { useEffect } from 'preact/hooks';
import type { Run } from '../api/types.ts';
import { Moment } from '../parts/moment.tsx';
import { More } from '../parts/more.tsx';
import { StatusMark } from '../parts/status.tsx';
import { Table, type Column } from '../parts/table.tsx';
import { Trouble } from '../parts/trouble.tsx';
import { usePages } from '../parts/use-pages.ts';
import { hrefOf } from '../shell/router.ts';

const columns: readonly Column<Run>[] = [
  { title: 'Status', of: ({ status }) => <StatusMark status={status} /> },
  {
    title: 'Run',
    of: ({ id, template }) => (
      <>
        <a href={hrefOf(['runs', id])}>{template.name}</a> <span class="id">{id}</span>
      </>
    ),
  },
  { title: 'Machines', of: ({ builds }) => builds.map(({ machine }) => machine).join(', ') },
  {
    title: 'Succeeded',
    kind: 'number',
    of: ({ builds }) => `${builds.filter(({ status }) => status === 'succeeded').length} of ${builds.length}`,
  },
  { title: 'Created', kind: 'moment', of: ({ created_at }) => <Moment time={created_at} /> },
  { title: 'By', of: ({ requested_by }) => requested_by ?? '' },
];

/** The runs, the newest first. */
export const RunList = () => {
  const { items, more, error } = usePages<Run>('runs');
  useEffect(() => {
    document.title = 'Runs – imaged';
  }, []);
  return (
    <>
      <h1>Runs</h1>
      <Trouble error={error} />
      {items === undefined ? null : (
        <Table label="Runs" kind="runs" columns={columns} rows={items} keyOf={({ id }) => id} />
      )}
      {items?.length === 0 ? (
        <p class="quiet">
          There is none. Several machines of one template that are started together are a run:{' '}
          <a href="#/new">New build</a>.
        </p>
      ) : null}
      <More more={more} />
    </>
  );
};
