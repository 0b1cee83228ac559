import { CompareView } from '../compare/compare.tsx';
import { NewBuild } from '../new/new.tsx';
import { RunList } from '../runs/list.tsx';
import { RunView } from '../runs/run.tsx';
import { StatisticsView } from '../statistics/statistics.tsx';

/**
 * The views that the page does not begin with. They are loaded as one file: with one for each, what any two of them share
 * with the first view would be a file too, and the first view would wait for a dozen small ones.
 */
export const laterViews = { CompareView, NewBuild, RunList, RunView, StatisticsView } as const;
