import type { ComponentType } from 'preact';
import { BuildView } from '../build/build.tsx';
import { CompareView } from '../compare/compare.tsx';
import { BuildList } from '../list/list.tsx';
import type { Place } from './router.ts';

export type ViewProps = { readonly place: Place };

type Entry = {
  /** The first part of its addresses. */
  readonly name: string;
  /** What the navigation calls it. */
  readonly title: string;
  readonly view: ComponentType<ViewProps>;
  /** What one thing of it is shown by: `#/NAME/ID`. */
  readonly one?: ComponentType<ViewProps>;
};

/** The views, in the order of the navigation; the first is where one begins. */
export const views = [
  { name: 'builds', title: 'Builds', view: BuildList, one: BuildView },
  { name: 'compare', title: 'Compare', view: CompareView },
] as const satisfies readonly Entry[];

/** The view of an address; undefined where there is none. */
export const viewOf = ({ path }: Place): ComponentType<ViewProps> | undefined => {
  if (path.length === 0) return views[0].view;
  const entry: Entry | undefined = views.find(({ name }) => name === path[0]);
  return path.length > 1 ? entry?.one : entry?.view;
};
