import type { Build } from '../api/types.ts';
import { tookText } from '../parts/format.ts';
import { Moment } from '../parts/moment.tsx';
import { More } from '../parts/more.tsx';
import { StatusMark } from '../parts/status.tsx';
import { Table, type Column } from '../parts/table.tsx';
import { Trouble } from '../parts/trouble.tsx';
import { useNow } from '../parts/use.ts';
import { usePages } from '../parts/use-pages.ts';
import { hrefOf } from '../shell/router.ts';

const columns = (now: number): readonly Column<Build>[] => [
  { title: 'Status', of: ({ status }) => <StatusMark status={status} /> },
  {
    title: 'Build',
    of: ({ id }) => (
      <a class="id" href={hrefOf(['builds', id])}>
        {id}
      </a>
    ),
  },
  { title: 'Version', kind: 'number', of: ({ template }) => template.version ?? '' },
  { title: 'Took', kind: 'number', of: (build) => tookText(build, now) },
  { title: 'Created', kind: 'moment', of: ({ created_at }) => <Moment time={created_at} /> },
];

/** The builds of a template, the newest first. */
export const TemplateBuilds = ({ name }: { readonly name: string }) => {
  const { items, more, error } = usePages<Build>(`builds?template=${encodeURIComponent(name)}`);
  const now = useNow(1000);
  if (items === undefined) return <Trouble error={error} />;
  return (
    <>
      <p>
        <a href={hrefOf(['builds'], { template: name })}>As they change, with filters</a>
      </p>
      <Trouble error={error} />
      <Table label="Builds" columns={columns(now)} rows={items} keyOf={({ id }) => id} />
      {items.length === 0 ? <p class="quiet">There is none.</p> : null}
      <More more={more} />
    </>
  );
};
