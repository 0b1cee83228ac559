import type { Build } from '../api/types.ts';
import { tookText } from '../parts/format.ts';
import { Moment } from '../parts/moment.tsx';
import { ProgressBar, StatusMark } from '../parts/status.tsx';
import type { Column } from '../parts/table.tsx';
import { hrefOf } from '../shell/router.ts';

const Doing = ({ build, why }: { readonly build: Build; readonly why: string | undefined }) => {
  if (build.fault !== undefined && build.status !== 'running')
    return (
      <span class="cut" title={build.fault.message}>
        <code>{build.fault.code}</code> {build.fault.step === undefined ? '' : `in ${build.fault.step}`}
      </span>
    );
  return (
    <>
      {build.status === 'running' || build.status === 'queued' ? (build.phase ?? '') : ''} <ProgressBar build={build} />{' '}
      {build.status === 'queued' && why !== undefined ? <span class="quiet">{why}</span> : null}
    </>
  );
};

const Name = ({ build }: { readonly build: Build }) => (
  <>
    <a class="build" href={hrefOf(['builds', build.id])}>
      {build.template.name}
      {build.template.version === undefined ? '' : `@${build.template.version}`}
      {build.machine === undefined ? '' : ` ${build.machine}`}
    </a>
    <span class="id">{build.id}</span>{' '}
    <a class="compare" href={hrefOf(['compare'], { b: build.id })} aria-label={`Compare ${build.id}`}>
      compare
    </a>
  </>
);

const Labels = ({ labels }: Pick<Build, 'labels'>) => (
  <>
    {Object.entries(labels).map(([key, value]) => (
      <span key={key} class="label">
        {key}={value}
      </span>
    ))}
  </>
);

/** What the list tells of a build. */
export const columns = (now: number, waiting: ReadonlyMap<string, string>): readonly Column<Build>[] => [
  { title: 'Status', of: ({ status }) => <StatusMark status={status} /> },
  { title: 'Template', of: (build) => <Name build={build} /> },
  { title: 'Doing', kind: 'doing', of: (build) => <Doing build={build} why={waiting.get(build.id)} /> },
  { title: 'Labels', kind: 'labels', of: ({ labels }) => <Labels labels={labels} /> },
  { title: 'Took', kind: 'number', of: (build) => tookText(build, now) },
  { title: 'Created', kind: 'number', of: ({ created_at }) => <Moment time={created_at} now={now} /> },
  { title: 'By', kind: 'by', of: ({ requested_by }) => requested_by ?? '' },
];
