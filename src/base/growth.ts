/** Tells the followers of a file that it has grown, without asking the file system. */
export type Growth = {
  readonly grew: (path: string) => void;
  /** Calls back whenever the file at `path` has grown or is complete. */
  readonly onGrew: (path: string, seen: () => void) => Disposable;
};

export const makeGrowth = (): Growth => {
  const followers = new Map<string, Set<() => void>>();
  return {
    grew: (path) => followers.get(path)?.forEach((seen) => seen()),
    onGrew: (path, seen) => {
      const those = followers.get(path) ?? new Set();
      followers.set(path, those.add(seen));
      return {
        [Symbol.dispose]: () => {
          those.delete(seen);
          if (those.size === 0 && followers.get(path) === those) followers.delete(path);
        },
      };
    },
  };
};
