import { useState } from 'preact/hooks';
import type { BuildEvent } from '../api/types.ts';
import { Moment } from '../parts/moment.tsx';
import { Table, type Column } from '../parts/table.tsx';

// More rows than this make a page slow; the newest count.
const mostShown = 500;

const columns: readonly Column<BuildEvent>[] = [
  { title: 'No.', kind: 'number', of: ({ seq }) => seq },
  { title: 'Time', kind: 'moment', of: ({ at }) => <Moment time={at} /> },
  { title: 'Type', kind: 'type', of: ({ type }) => <code>{type}</code> },
  { title: 'What is known of it', of: ({ data }) => <code class="json">{JSON.stringify(data)}</code> },
];

/** What has happened to the build, the newest first. */
export const Events = ({ events }: { readonly events: readonly BuildEvent[] }) => {
  const [type, setType] = useState('');
  const types = [...new Set(events.map((event) => event.type))].sort();
  const wanted = events.filter((event) => type === '' || event.type === type);
  const shown = wanted.slice(-mostShown).reverse();
  return (
    <>
      <p>
        <label>
          Type{' '}
          <select value={type} onChange={({ currentTarget }) => setType(currentTarget.value)}>
            <option value="">all</option>
            {types.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </label>{' '}
        {wanted.length > shown.length ? <span class="quiet">the newest {mostShown}</span> : null}
      </p>
      <Table label="Events" kind="events" columns={columns} rows={shown} keyOf={({ seq }) => seq} />
    </>
  );
};
