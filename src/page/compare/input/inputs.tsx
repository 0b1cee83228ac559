import { Table, type Column } from '../../parts/table.tsx';
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

const columns: readonly Column<ReturnType<typeof differencesOf>[number]>[] = [
  { title: 'Where', kind: 'head', of: ({ path }) => <code>{path}</code> },
  { title: 'A', of: ({ a }) => <Value value={a} /> },
  { title: 'B', of: ({ b }) => <Value value={b} /> },
];

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
        <Table
          label={`${title}, by path`}
          kind="differences"
          columns={columns}
          rows={shown}
          keyOf={({ path }) => path}
        />
      )}
      {all.length > shown.length ? <p class="quiet">and {all.length - shown.length} more</p> : null}
    </section>
  );
};
