import { useEffect } from 'preact/hooks';
import type { TemplateInfo } from '../api/types.ts';
import { Tabs } from '../parts/tabs.tsx';
import { Trouble } from '../parts/trouble.tsx';
import { usePages } from '../parts/use-pages.ts';
import { hrefOf } from '../shell/router.ts';
import { useMayWrite } from '../shell/session.ts';
import type { ViewProps } from '../shell/views.ts';
import { TemplateBuilds } from './builds.tsx';
import { Difference } from './difference.tsx';
import { textOf, useTemplate } from './use-template.ts';
import { Versions } from './versions.tsx';

const titles = { text: 'Text', versions: 'Versions', diff: 'Difference', builds: 'Builds' } as const;

type TabName = keyof typeof titles;

const isTab = (text: string): text is TabName => Object.hasOwn(titles, text);

const Text = ({ name, version }: { readonly name: string; readonly version: string | undefined }) => {
  const { template, error } = useTemplate(name, version);
  if (template === undefined) return <Trouble error={error} />;
  return (
    <>
      <p class="quiet">
        Version {template.version}, <code class="digest">{template.digest}</code>
      </p>
      <pre tabIndex={0} aria-label="Template">
        {textOf(template)}
      </pre>
    </>
  );
};

type PanelProps = {
  readonly tab: TabName;
  readonly name: string;
  readonly query: URLSearchParams;
  readonly versions: readonly TemplateInfo[];
  readonly more: (() => void) | undefined;
};

const Panel = ({ tab, name, query, versions, more }: PanelProps) => {
  switch (tab) {
    case 'text':
      return <Text name={name} version={query.get('version') ?? undefined} />;
    case 'versions':
      return <Versions versions={versions} more={more} />;
    case 'diff':
      return <Difference name={name} versions={versions} from={query.get('from')} to={query.get('to')} />;
    case 'builds':
      return <TemplateBuilds name={name} />;
  }
};

/** One template: its text, its versions, what they changed, and its builds. */
export const TemplateView = ({ place: { path, query } }: ViewProps) => {
  const [, name = '', asked = ''] = path;
  const mayWrite = useMayWrite();
  const tab = isTab(asked) ? asked : 'text';
  const { items, more, error } = usePages<TemplateInfo>(`templates/${encodeURIComponent(name)}/versions`);
  useEffect(() => {
    document.title = `${name} – imaged`;
  }, [name]);
  if (items === undefined) return <Trouble error={error} />;
  const tabs = Object.entries(titles).map(([id, title]) => ({ id, title, href: hrefOf(['templates', name, id]) }));
  return (
    <>
      <p class="crumbs">
        <a href="#/templates">Templates</a>
      </p>
      <div class="head">
        <h1>{name}</h1>
        {mayWrite ? <a href={hrefOf(['new', name])}>New build from this</a> : null}
      </div>
      <Trouble error={error} />
      <Tabs tabs={tabs} current={tab} label="About this template">
        <Panel {...{ tab, name, query, more }} versions={items} />
      </Tabs>
    </>
  );
};
