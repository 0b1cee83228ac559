import { useEffect } from 'preact/hooks';
import type { Run } from '../api/types.ts';
import { toRun } from '../build/made.ts';
import { ActionButtons, type Action } from '../parts/action-buttons.tsx';
import { Fact } from '../parts/fact.tsx';
import { Moment } from '../parts/moment.tsx';
import { ProgressBar, StatusMark } from '../parts/status.tsx';
import { Table, type Column } from '../parts/table.tsx';
import { Trouble } from '../parts/trouble.tsx';
import { hrefOf } from '../shell/router.ts';
import { useMayWrite } from '../shell/session.ts';
import type { ViewProps } from '../shell/views.ts';
import { useRun } from './use-run.ts';

type RunBuild = Run['builds'][number];

const columns: readonly Column<RunBuild>[] = [
  { title: 'Machine', kind: 'head', of: ({ machine, id }) => <a href={hrefOf(['builds', id])}>{machine}</a> },
  { title: 'Status', of: ({ status }) => <StatusMark status={status} /> },
  {
    title: 'Doing',
    kind: 'doing',
    of: (build) => (
      <>
        {build.fault ?? build.phase ?? ''} <ProgressBar build={build} />
      </>
    ),
  },
  {
    title: 'See',
    of: ({ id, machine }) => (
      <span class="links">
        <a href={hrefOf(['builds', id, 'console'])} aria-label={`Console of ${machine}`}>
          Console
        </a>
        <a href={hrefOf(['builds', id, 'log'])} aria-label={`Log of ${machine}`}>
          Log
        </a>
        <a href={hrefOf(['builds', id, 'artifacts'])} aria-label={`Artifacts of ${machine}`}>
          Artifacts
        </a>
      </span>
    ),
  },
];

const actionsFor = ({ id, ended_at }: Run): readonly Action[] =>
  ended_at === undefined
    ? [
        {
          ...{ title: 'Cancel', method: 'POST', path: `runs/${id}/cancel`, body: {} },
          sure: 'Each of its builds that has not ended is cancelled: their machines go.',
        },
      ]
    : [{ title: 'Rebuild', method: 'POST', path: `runs/${id}/rebuild`, body: {}, then: toRun }];

const Facts = ({ run }: { readonly run: Run }) => (
  <dl class="facts">
    <Fact name="Created">
      <Moment time={run.created_at} />
    </Fact>
    {run.ended_at === undefined ? null : (
      <Fact name="Ended">
        <Moment time={run.ended_at} />
      </Fact>
    )}
    <Fact name="At once">{run.parallel ?? 'as many as the host takes'}</Fact>
    <Fact name="When one fails">{run.fail_fast ? 'the others are cancelled' : 'the others go on'}</Fact>
    {run.requested_by === undefined ? null : <Fact name="By">{run.requested_by}</Fact>}
    {run.rebuild_of === undefined ? null : (
      <Fact name="Rebuild of">
        <a class="id" href={hrefOf(['runs', run.rebuild_of])}>
          {run.rebuild_of}
        </a>
      </Fact>
    )}
  </dl>
);

/** The builds of one run, as they go on. */
export const RunView = ({ place }: ViewProps) => {
  const [, id = ''] = place.path;
  const mayWrite = useMayWrite();
  const { run, error, refresh } = useRun(id);
  const title = run === undefined ? id : `${run.status} ${run.template.name}`;
  useEffect(() => {
    document.title = `${title} – imaged`;
  }, [title]);
  if (run === undefined) return <Trouble error={error} />;
  return (
    <>
      <p class="crumbs">
        <a href="#/runs">Runs</a> <span class="id">{run.id}</span>
      </p>
      <div class="head">
        <h1>
          {run.template.name}
          {run.template.version === undefined ? '' : `@${run.template.version}`}
        </h1>
        <StatusMark status={run.status} />
        {mayWrite ? (
          <div class="actions">
            <ActionButtons actions={actionsFor(run)} done={refresh} />
          </div>
        ) : null}
      </div>
      <Trouble error={error} />
      <Facts run={run} />
      <Table label="Builds of the run" columns={columns} rows={run.builds} keyOf={({ id: build }) => build} />
    </>
  );
};
