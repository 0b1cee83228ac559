/** Which files of a cache are held, and how much room the downloads that go on will take. */
export type CacheHolds = {
  /** While this lasts, the file or its part is not evicted. */
  readonly hold: (key: string) => Disposable;
  readonly isHeld: (key: string) => boolean;
  /** A held file will have so many bytes. */
  readonly promise: (key: string, bytes: number) => void;
  readonly promised: (key: string) => number;
};

export const makeCacheHolds = (): CacheHolds => {
  const held = new Map<string, number>();
  // So that two downloads that begin together do not count on the same room.
  const promised = new Map<string, number>();
  const letGo = (key: string) => {
    const left = (held.get(key) ?? 1) - 1;
    if (left > 0) return void held.set(key, left);
    held.delete(key);
    promised.delete(key);
  };
  return {
    hold: (key) => {
      held.set(key, (held.get(key) ?? 0) + 1);
      let isOver = false;
      return {
        [Symbol.dispose]: () => {
          if (!isOver) letGo(key);
          isOver = true;
        },
      };
    },
    isHeld: (key) => held.has(key),
    promise: (key, bytes) => void promised.set(key, bytes),
    promised: (key) => promised.get(key) ?? 0,
  };
};
