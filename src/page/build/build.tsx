import { useEffect } from 'preact/hooks';
import { isEnded, type BuildEvent } from '../api/types.ts';
import { Copy } from '../parts/copy.tsx';
import { Fact } from '../parts/fact.tsx';
import { durationText, ranMs } from '../parts/format.ts';
import { Moment } from '../parts/moment.tsx';
import { ProgressBar, StatusMark } from '../parts/status.tsx';
import { Tabs } from '../parts/tabs.tsx';
import { Trouble } from '../parts/trouble.tsx';
import { useNow } from '../parts/use.ts';
import { hrefOf } from '../shell/router.ts';
import type { ViewProps } from '../shell/views.ts';
import { Actions } from './actions.tsx';
import { Artifacts } from './artifacts.tsx';
import { Events } from './events.tsx';
import { FaultStory } from './fault.tsx';
import { Inputs } from './inputs.tsx';
import { Log } from './log.tsx';
import { isPausedBy } from './paused.ts';
import { TellMe } from './tell-me.tsx';
import { Timeline } from './timeline.tsx';
import { useBuild, type WatchedBuild } from './use-build.ts';
import { Console } from '../console/console.tsx';

const titles = {
  steps: 'Steps',
  console: 'Console',
  log: 'Log',
  artifacts: 'Artifacts',
  input: 'Input',
  events: 'Events',
} as const;

type TabName = keyof typeof titles;

const isTab = (text: string): text is TabName => Object.hasOwn(titles, text);

const Facts = ({ build }: Pick<WatchedBuild, 'build'>) => {
  const now = useNow(1000, !isEnded(build.status));
  const ran = ranMs(build, now);
  return (
    <dl class="facts">
      <Fact name="Created">
        <Moment time={build.created_at} />
      </Fact>
      {ran === undefined ? null : <Fact name="Took">{durationText(ran)}</Fact>}
      {build.phase === undefined || build.status === 'succeeded' ? null : <Fact name="Phase">{build.phase}</Fact>}
      {build.attempt > 1 ? <Fact name="Attempt">{String(build.attempt)}</Fact> : null}
      {build.run === undefined ? null : (
        <Fact name="Run">
          <a class="id" href={hrefOf(['runs', build.run])}>
            {build.run}
          </a>
        </Fact>
      )}
      {build.requested_by === undefined ? null : <Fact name="By">{build.requested_by}</Fact>}
      {build.host === undefined ? null : <Fact name="Host">{build.host}</Fact>}
      {Object.entries(build.labels).map(([key, value]) => (
        <Fact key={key} name={key}>
          {value}
        </Fact>
      ))}
      {build.hold === undefined ? null : (
        <Fact name="Held until">
          <Moment time={build.hold.until} />
        </Fact>
      )}
      {build.hold?.ssh === undefined ? null : (
        <Fact name="Log in">
          <code>{build.hold.ssh}</code> <Copy text={build.hold.ssh} what="the command line that logs in" />
        </Fact>
      )}
      {build.waiting === undefined ? null : <Fact name="Waits">{build.waiting.message}</Fact>}
      {build.pinned === undefined ? null : <Fact name="Pinned by">{build.pinned.by}</Fact>}
    </dl>
  );
};

type PanelProps = { readonly tab: TabName; readonly watched: WatchedBuild; readonly events: readonly BuildEvent[] };

const Panel = ({ tab, watched, events }: PanelProps) => {
  const { build, steps, artifacts, input } = watched;
  switch (tab) {
    case 'steps':
      return <Timeline build={build} steps={steps} plan={input.plan} events={events} />;
    case 'console':
      return <Console build={build} events={events} mayType={build.status === 'held' || isPausedBy(events)} />;
    case 'log':
      return <Log build={build} />;
    case 'artifacts':
      return <Artifacts build={build} artifacts={artifacts} />;
    case 'input':
      return <Inputs input={input} />;
    case 'events':
      return <Events events={events} />;
  }
};

/** One build, as it goes on. */
export const BuildView = ({ place }: ViewProps) => {
  const [, id = '', asked = ''] = place.path;
  const { watched, events, error, refresh } = useBuild(id);
  const tab = isTab(asked) ? asked : 'steps';
  const title = watched?.build.template.name ?? id;
  const status = watched?.build.status ?? '';
  useEffect(() => {
    document.title = `${status} ${title} – imaged`;
  }, [status, title]);
  if (watched === undefined) return <Trouble error={error} />;
  const { build, artifacts } = watched;
  const counts: Readonly<Partial<Record<TabName, number>>> = { artifacts: artifacts.length, events: events.length };
  const tabs = Object.entries(titles).map(([name, shown]) => ({
    ...{ id: name, title: shown, href: hrefOf(['builds', id, name]) },
    count: isTab(name) ? counts[name] : undefined,
  }));
  return (
    <>
      <p class="crumbs">
        <a href="#/builds">Builds</a> <span class="id">{build.id}</span>{' '}
        <a href={hrefOf(['compare'], { b: build.id })}>Compare with the last good build of this template</a>
      </p>
      <div class="head">
        <h1>
          {build.template.name}
          {build.template.version === undefined ? '' : `@${build.template.version}`}
          {build.machine === undefined ? '' : ` ${build.machine}`}
        </h1>
        <StatusMark status={build.status} />
        <ProgressBar build={build} />
        <TellMe key={build.id} build={build} />
        <Actions build={build} input={watched.input} isPaused={isPausedBy(events)} done={refresh} />
      </div>
      <Trouble error={error} />
      <Facts build={build} />
      {build.fault === undefined ? null : <FaultStory build={build} fault={build.fault} isWhole={tab === 'steps'} />}
      <Tabs tabs={tabs} current={tab} label="About this build">
        <Panel tab={tab} watched={watched} events={events} />
      </Tabs>
    </>
  );
};
