/** Who wants to know of changes: of one build, or of all. */
export type Listeners = {
  /** Calls `seen` with the build's id for each change; `*` stands for every build, and is told first. */
  readonly on: (id: string, seen: (build: string) => void) => Disposable;
  readonly tell: (ids: ReadonlySet<string>) => void;
};

/** A set of listeners by build: thousands cost a map entry each. One that throws does not keep the news from the others. */
export const makeListeners = (onTrouble: (error: unknown) => void): Listeners => {
  const byBuild = new Map<string, Set<{ readonly seen: (build: string) => void }>>();

  const call = (listener: { readonly seen: (build: string) => void }, id: string): void => {
    try {
      listener.seen(id);
    } catch (error) {
      onTrouble(error);
    }
  };
  return {
    on: (id, seen) => {
      const own = { seen };
      const those = byBuild.get(id) ?? new Set();
      byBuild.set(id, those.add(own));
      return {
        [Symbol.dispose]: () => {
          those.delete(own);
          if (those.size === 0 && byBuild.get(id) === those) byBuild.delete(id);
        },
      };
    },
    tell: (ids) => {
      for (const id of ids)
        for (const key of ['*', id]) for (const listener of [...(byBuild.get(key) ?? [])]) call(listener, id);
    },
  };
};
