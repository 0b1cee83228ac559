import type { TemplateInfo } from '../api/types.ts';
import { Moment } from '../parts/moment.tsx';
import { More } from '../parts/more.tsx';
import { Table, type Column } from '../parts/table.tsx';
import { hrefOf } from '../shell/router.ts';
import { useMayWrite } from '../shell/session.ts';

const version = (number: number) => String(number);

const Links = ({ info, before }: { readonly info: TemplateInfo; readonly before: TemplateInfo | undefined }) => {
  const mayWrite = useMayWrite();
  const { name, version: own } = info;
  return (
    <span class="links">
      <a href={hrefOf(['templates', name, 'text'], { version: version(own) })} aria-label={`Text of version ${own}`}>
        Text
      </a>
      {before === undefined ? null : (
        <a
          href={hrefOf(['templates', name, 'diff'], { from: version(before.version), to: version(own) })}
          aria-label={`Changes of version ${own}`}
        >
          Changes
        </a>
      )}
      {mayWrite ? (
        <a href={hrefOf(['new', name], { version: version(own) })} aria-label={`New build from version ${own}`}>
          New build
        </a>
      ) : null}
    </span>
  );
};

type Props = { readonly versions: readonly TemplateInfo[]; readonly more: (() => void) | undefined };

const columns = (versions: readonly TemplateInfo[]): readonly Column<TemplateInfo>[] => [
  { title: 'Version', kind: 'number', of: (info) => info.version },
  { title: 'Stored', kind: 'moment', of: ({ created_at }) => <Moment time={created_at} /> },
  { title: 'Files', of: ({ has_files }) => (has_files ? 'with files' : '') },
  { title: 'Digest', of: ({ digest }) => <code class="digest">{digest}</code> },
  { title: 'Do', of: (info, at) => <Links info={info} before={versions[at + 1]} /> },
];

/** The versions that are kept, the newest first. */
export const Versions = ({ versions, more }: Props) => (
  <>
    <Table label="Versions" columns={columns(versions)} rows={versions} keyOf={({ version: own }) => own} />
    <More more={more} />
  </>
);
