import type { ComponentType } from 'preact';
import { BuildView } from '../build/build.tsx';
import { HostView } from '../host/host.tsx';
import { BuildList } from '../list/list.tsx';
import { TemplateList } from '../templates/list.tsx';
import { TemplateView } from '../templates/template.tsx';
import { later } from './later.tsx';
import type { PageAddress } from './router.ts';

export type ViewProps = { readonly place: PageAddress };

type Entry = {
  /** The first part of its addresses. */
  readonly name: string;
  /** What the navigation calls it. */
  readonly title: string;
  readonly view: ComponentType<ViewProps>;
  /** What one thing of it is shown by: `#/NAME/ID`. */
  readonly one?: ComponentType<ViewProps>;
};

const CompareView = later(async () => (await import('./later-views.ts')).laterViews.CompareView);
const StatisticsView = later(async () => (await import('./later-views.ts')).laterViews.StatisticsView);
const RunList = later(async () => (await import('./later-views.ts')).laterViews.RunList);
const RunView = later(async () => (await import('./later-views.ts')).laterViews.RunView);
const NewBuild = later(async () => (await import('./later-views.ts')).laterViews.NewBuild);

/** The views, in the order of the navigation; the first is where one begins. */
export const views = [
  { name: 'builds', title: 'Builds', view: BuildList, one: BuildView },
  { name: 'runs', title: 'Runs', view: RunList, one: RunView },
  { name: 'new', title: 'New build', view: NewBuild, one: NewBuild },
  { name: 'templates', title: 'Templates', view: TemplateList, one: TemplateView },
  { name: 'compare', title: 'Compare', view: CompareView },
  { name: 'statistics', title: 'Statistics', view: StatisticsView },
  { name: 'host', title: 'Host', view: HostView },
] as const satisfies readonly Entry[];

/** The view of an address; undefined where there is none. */
export const viewOf = ({ path }: PageAddress): ComponentType<ViewProps> | undefined => {
  if (path.length === 0) return views[0].view;
  const entry: Entry | undefined = views.find(({ name }) => name === path[0]);
  return path.length > 1 ? entry?.one : entry?.view;
};
