import type { Statistics } from '../api/types.ts';
import { hrefOf } from '../shell/router.ts';

const Bar = ({ count, most, kind }: { readonly count: number; readonly most: number; readonly kind: string }) => (
  <svg class="bar" width="100%" height="12" aria-hidden="true">
    <rect class={`count-${kind}`} width={`${((100 * count) / most).toFixed(2)}%`} y="1" height="10" />
  </svg>
);

/** Why builds did not succeed, the commonest first. */
export const Faults = ({ faults }: Pick<Statistics, 'faults'>) => {
  const most = Math.max(1, ...faults.map(({ count }) => count));
  return (
    <section class="figure" aria-label="Why builds did not succeed">
      <h2>Why builds did not succeed</h2>
      {faults.length === 0 ? (
        <p class="quiet">All of these days did.</p>
      ) : (
        <div class="scroll" tabIndex={0} role="region" aria-label="Faults">
          <table class="counted">
            <thead>
              <tr>
                <th scope="col">Code</th>
                <th scope="col" class="number">
                  Builds
                </th>
                <th scope="col">
                  <span class="unseen">As a bar</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {faults.map(({ code, status, count }) => (
                <tr key={`${status} ${code}`}>
                  <th scope="row">
                    <a href={`problems/${code}`}>{code}</a>
                  </th>
                  <td class="number">{count}</td>
                  <td class="line">
                    <Bar count={count} most={most} kind={status} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
};

const mostListed = 30;

/** The templates of the builds, the commonest first; each leads to its own statistics. */
export const Templates = ({ templates, days }: Pick<Statistics, 'templates'> & { readonly days: string }) => (
  <section class="figure" aria-label="Templates">
    <h2>Templates</h2>
    {templates.length === 0 ? (
      <p class="quiet">No build has ended in these days.</p>
    ) : (
      <div class="scroll" tabIndex={0} role="region" aria-label="Builds of each template">
        <table>
          <thead>
            <tr>
              <th scope="col">Template</th>
              {['Succeeded', 'Failed', 'Cancelled'].map((head) => (
                <th key={head} scope="col" class="number">
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {templates.slice(0, mostListed).map(({ name, succeeded, failed, cancelled }) => (
              <tr key={name}>
                <th scope="row">
                  <a href={hrefOf(['statistics'], { template: name, days })}>{name}</a>
                </th>
                <td class="number">{succeeded}</td>
                <td class="number">{failed}</td>
                <td class="number">{cancelled}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    )}
    {templates.length > mostListed ? <p class="quiet">and {templates.length - mostListed} more</p> : null}
  </section>
);
