import { differencesOf, mostShown } from './differences.ts';

// A script within a template is shown by its beginning.
const longestShown = 600;

const Value = ({ value }: { readonly value: unknown }) => {
  if (value === undefined) return <span class="quiet">–</span>;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return (
    <code>
      {text.slice(0, longestShown)}
      {text.length > longestShown ? ' …' : ''}
    </code>
  );
};

type Props = {
  readonly title: string;
  readonly a: unknown;
  readonly b: unknown;
  /** What is said where the two are the same. */
  readonly same: string;
};

/** Where two documents are not the same, by path. */
export const Differences = ({ title, a, b, same }: Props) => {
  const all = differencesOf(a, b);
  const shown = all.slice(0, mostShown);
  return (
    <section aria-label={title}>
      <h2>{title}</h2>
      {all.length === 0 ? (
        <p class="quiet">{same}</p>
      ) : (
        <div class="scroll" tabIndex={0} role="region" aria-label={`${title}, by path`}>
          <table class="differences">
            <thead>
              <tr>
                <th scope="col">Where</th>
                <th scope="col">A</th>
                <th scope="col">B</th>
              </tr>
            </thead>
            <tbody>
              {shown.map((one) => (
                <tr key={one.path}>
                  <th scope="row">
                    <code>{one.path}</code>
                  </th>
                  <td>
                    <Value value={one.a} />
                  </td>
                  <td>
                    <Value value={one.b} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {all.length > shown.length ? <p class="quiet">and {all.length - shown.length} more</p> : null}
    </section>
  );
};
