import { useEffect } from 'preact/hooks';
import type { TemplateInfo } from '../api/types.ts';
import { Moment } from '../parts/moment.tsx';
import { More } from '../parts/more.tsx';
import { Table, type Column } from '../parts/table.tsx';
import { Trouble } from '../parts/trouble.tsx';
import { usePages } from '../parts/use-pages.ts';
import { hrefOf } from '../shell/router.ts';
import { useMayWrite } from '../shell/session.ts';

const Links = ({ name, mayWrite }: { readonly name: string; readonly mayWrite: boolean }) => (
  <span class="links">
    {mayWrite ? (
      <a href={hrefOf(['new', name])} aria-label={`New build from ${name}`}>
        New build
      </a>
    ) : null}
    <a href={hrefOf(['builds'], { template: name })} aria-label={`Builds of ${name}`}>
      Builds
    </a>
  </span>
);

const columns = (mayWrite: boolean): readonly Column<TemplateInfo>[] => [
  { title: 'Name', kind: 'head', of: ({ name }) => <a href={hrefOf(['templates', name])}>{name}</a> },
  { title: 'Version', kind: 'number', of: ({ version }) => version },
  { title: 'Stored', of: ({ created_at }) => <Moment time={created_at} /> },
  { title: 'Files', of: ({ has_files }) => (has_files ? 'with files' : '') },
  { title: 'Do', of: ({ name }) => <Links {...{ name, mayWrite }} /> },
];

/** The templates that the host keeps. */
export const TemplateList = () => {
  const mayWrite = useMayWrite();
  const { items, more, error } = usePages<TemplateInfo>('templates');
  useEffect(() => {
    document.title = 'Templates – imaged';
  }, []);
  return (
    <>
      <h1>Templates</h1>
      <Trouble error={error} />
      {items === undefined ? null : (
        <Table label="Templates" kind="templates" columns={columns(mayWrite)} rows={items} keyOf={({ name }) => name} />
      )}
      {items?.length === 0 ? (
        <p class="quiet">
          None is stored. <code>PUT /templates/NAME</code> stores one.
        </p>
      ) : null}
      <More more={more} />
    </>
  );
};
