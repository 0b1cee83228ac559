/** The builds that a daemon which is stopped leaves running, for the next one to go on with: those whose machine runs. */
export type LetRun = {
  readonly add: (buildId: string) => void;
  readonly remove: (buildId: string) => void;
  readonly has: (buildId: string) => boolean;
};

export const makeLetRun = (): LetRun => {
  const builds = new Set<string>();
  return {
    add: (id) => void builds.add(id),
    remove: (id) => void builds.delete(id),
    has: (id) => builds.has(id),
  };
};
