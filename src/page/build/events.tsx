import { useState } from 'preact/hooks';
import type { BuildEvent } from '../api/types.ts';
import { momentText } from '../parts/format.ts';

// More rows than this make a page slow; the newest count.
const mostShown = 500;

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
      <div class="scroll" tabIndex={0} role="region" aria-label="Events">
        <table class="events">
          <thead>
            <tr>
              <th scope="col" class="number">
                No.
              </th>
              <th scope="col">Time</th>
              <th scope="col">Type</th>
              <th scope="col">What is known of it</th>
            </tr>
          </thead>
          <tbody>
            {shown.map(({ seq, at, type: shownType, data }) => (
              <tr key={seq}>
                <td class="number">{seq}</td>
                <td class="moment">{momentText(at)}</td>
                <td class="type">
                  <code>{shownType}</code>
                </td>
                <td>
                  <code class="json">{JSON.stringify(data)}</code>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
};
