import type { Queue } from '../api/types.ts';
import { momentText } from '../parts/format.ts';
import { Trouble } from '../parts/trouble.tsx';
import { usePolled } from '../parts/use-polled.ts';
import { hrefOf } from '../shell/router.ts';

const everyMs = 3000;

/** What waits to run, and for what. */
export const QueueShown = () => {
  const { value, error } = usePolled<Queue>('queue', everyMs);
  return (
    <section aria-labelledby="queue">
      <h2 id="queue">Queue</h2>
      <Trouble error={error} />
      {value?.queued === 0 ? <p class="quiet">No build waits.</p> : null}
      {value === undefined || value.queued === 0 ? null : (
        <div class="scroll" tabIndex={0} role="region" aria-label="Waiting builds">
          <table>
            <thead>
              <tr>
                <th scope="col" class="number">
                  No.
                </th>
                <th scope="col">Build</th>
                <th scope="col">Waits for</th>
                <th scope="col">Why</th>
                <th scope="col" class="number">
                  Priority
                </th>
                <th scope="col">Since</th>
              </tr>
            </thead>
            <tbody>
              {value.items.map(({ id, template, waiting, priority, created_at }) => (
                <tr key={id}>
                  <td class="number">{waiting?.position ?? ''}</td>
                  <td>
                    <a href={hrefOf(['builds', id])}>{template.name}</a>
                  </td>
                  <td>{waiting?.for ?? ''}</td>
                  <td>{waiting?.message ?? ''}</td>
                  <td class="number">{priority}</td>
                  <td class="moment">{momentText(created_at)}</td>
                </tr>
              ))}
            </tbody>
          </table>
          {value.queued > value.items.length ? <p class="quiet">and {value.queued - value.items.length} more</p> : null}
        </div>
      )}
    </section>
  );
};
