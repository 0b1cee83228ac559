import type { Queue } from '../api/types.ts';
import { Moment } from '../parts/moment.tsx';
import { Table, type Column } from '../parts/table.tsx';
import { Trouble } from '../parts/trouble.tsx';
import { usePolled } from '../parts/use-polled.ts';
import { hrefOf } from '../shell/router.ts';

const everyMs = 3000;

const columns: readonly Column<Queue['items'][number]>[] = [
  { title: 'No.', kind: 'number', of: ({ waiting }) => waiting?.position ?? '' },
  { title: 'Build', of: ({ id, template }) => <a href={hrefOf(['builds', id])}>{template.name}</a> },
  { title: 'Waits for', of: ({ waiting }) => waiting?.for ?? '' },
  { title: 'Why', of: ({ waiting }) => waiting?.message ?? '' },
  { title: 'Priority', kind: 'number', of: ({ priority }) => priority },
  { title: 'Since', kind: 'moment', of: ({ created_at }) => <Moment time={created_at} /> },
];

/** What waits to run, and for what. */
export const QueueShown = () => {
  const { value, error } = usePolled<Queue>('queue', everyMs);
  return (
    <section aria-labelledby="queue">
      <h2 id="queue">Queue</h2>
      <Trouble error={error} />
      {value?.queued === 0 ? <p class="quiet">No build waits.</p> : null}
      {value === undefined || value.queued === 0 ? null : (
        <Table label="Waiting builds" columns={columns} rows={value.items} keyOf={({ id }) => id}>
          {value.queued > value.items.length ? <p class="quiet">and {value.queued - value.items.length} more</p> : null}
        </Table>
      )}
    </section>
  );
};
