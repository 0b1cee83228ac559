import type { Statistics } from '../api/types.ts';
import { Table, type Column } from '../parts/table.tsx';
import { hrefOf } from '../shell/router.ts';

const Bar = ({ count, most, kind }: { readonly count: number; readonly most: number; readonly kind: string }) => (
  <svg class="bar" width="100%" height="12" aria-hidden="true">
    <rect class={`count-${kind}`} width={`${((100 * count) / most).toFixed(2)}%`} y="1" height="10" />
  </svg>
);

const faultColumns = (most: number): readonly Column<Statistics['faults'][number]>[] => [
  { title: 'Code', kind: 'head', of: ({ code }) => <a href={`problems/${code}`}>{code}</a> },
  { title: 'Builds', kind: 'number', of: ({ count }) => count },
  {
    title: 'As a bar',
    isUnseen: true,
    kind: 'line',
    of: ({ count, status }) => <Bar count={count} most={most} kind={status} />,
  },
];

/** Why builds did not succeed, the commonest first. */
export const Faults = ({ faults }: Pick<Statistics, 'faults'>) => {
  const most = Math.max(1, ...faults.map(({ count }) => count));
  return (
    <section class="figure" aria-label="Why builds did not succeed">
      <h2>Why builds did not succeed</h2>
      {faults.length === 0 ? (
        <p class="quiet">All of these days did.</p>
      ) : (
        <Table
          label="Faults"
          kind="counted"
          columns={faultColumns(most)}
          rows={faults}
          keyOf={({ status, code }) => `${status} ${code}`}
        />
      )}
    </section>
  );
};

const mostListed = 30;

const templateColumns = (days: string): readonly Column<Statistics['templates'][number]>[] => [
  {
    title: 'Template',
    kind: 'head',
    of: ({ name }) => <a href={hrefOf(['statistics'], { template: name, days })}>{name}</a>,
  },
  { title: 'Succeeded', kind: 'number', of: ({ succeeded }) => succeeded },
  { title: 'Failed', kind: 'number', of: ({ failed }) => failed },
  { title: 'Cancelled', kind: 'number', of: ({ cancelled }) => cancelled },
];

/** The templates of the builds, the commonest first; each leads to its own statistics. */
export const Templates = ({ templates, days }: Pick<Statistics, 'templates'> & { readonly days: string }) => (
  <section class="figure" aria-label="Templates">
    <h2>Templates</h2>
    {templates.length === 0 ? (
      <p class="quiet">No build has ended in these days.</p>
    ) : (
      <Table
        label="Builds of each template"
        columns={templateColumns(days)}
        rows={templates.slice(0, mostListed)}
        keyOf={({ name }) => name}
      />
    )}
    {templates.length > mostListed ? <p class="quiet">and {templates.length - mostListed} more</p> : null}
  </section>
);
