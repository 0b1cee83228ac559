/** What can be let go. */
export type Resource = AsyncDisposable | Disposable;

/** A cleanup stack of resources that goes in reverse order: AsyncDisposableStack, which Node has from 24 on. */
export type CleanupStack = AsyncDisposable & {
  /** Keeps the resource until the cleanup stack goes, and hands it back. */
  readonly keep: <T extends Resource>(resource: T) => T;
  /** Calls `undo` when the cleanup stack goes. */
  readonly defer: (undo: () => Promise<void> | void) => void;
};

const letGo = (resource: Resource): PromiseLike<void> | void =>
  Symbol.asyncDispose in resource ? resource[Symbol.asyncDispose]() : resource[Symbol.dispose]();

/** An empty cleanup stack. Every resource is let go even when another fails to; then the errors are thrown together. */
export const cleanupStack = (): CleanupStack => {
  const cleanup: Resource[] = [];
  return {
    keep: (resource) => {
      cleanup.push(resource);
      return resource;
    },
    defer: (undo) => {
      cleanup.push({ [Symbol.asyncDispose]: async () => undo() });
    },
    async [Symbol.asyncDispose]() {
      const errors: unknown[] = [];
      for (let resource = cleanup.pop(); resource; resource = cleanup.pop()) {
        try {
          await letGo(resource);
        } catch (error) {
          errors.push(error);
        }
      }
      if (errors.length === 1) throw errors[0];
      if (errors.length > 1) throw new AggregateError(errors, 'Several things could not be let go');
    },
  };
};
