import { follow } from './follow.ts';
import type { Build, BuildChange } from './types.ts';

/** What changes a list of builds. */
export type Changes = {
  /** The build stands so now. */
  readonly stands: (build: Build) => void;
  /** It is so far. */
  readonly isFurther: (id: string, progress: NonNullable<Build['progress']>) => void;
  readonly isGone: (id: string) => void;
  /** There are others than before: the list is to be read. */
  readonly others: () => void;
};

/** Tells of changes among the builds of the host, while somebody looks, until the signal aborts. Throws what the API refuses. */
export const followChanges = (changes: Changes, signal: AbortSignal): Promise<void> => {
  let last: string | undefined;
  const take = ({ id, type, build_id, build, progress }: BuildChange) => {
    last = id;
    if (type === 'reset' || type === 'created') changes.others();
    else if (type === 'removed' && build_id !== undefined) changes.isGone(build_id);
    else if (type === 'progress' && build_id !== undefined && progress !== undefined)
      changes.isFurther(build_id, progress);
    else if (build !== undefined) changes.stands(build);
  };
  return follow(
    () => `builds/events${last === undefined ? '' : `?after=${last}`}`,
    take,
    () => false,
    signal,
  );
};
