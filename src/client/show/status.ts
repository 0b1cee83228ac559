import type { Build } from '../api/types.ts';

/** How a build stands: its status, and in which phase that is. One that has succeeded is through with all of them. */
export const shownStatus = ({ status, phase }: Pick<Build, 'status' | 'phase'>): string =>
  phase === undefined || status === 'succeeded' ? status : `${status}, ${phase}`;
