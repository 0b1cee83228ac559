/** Which files of a cache are held, and how much room the downloads that go on will take. */
export type CacheHolds = {
  /** While this lasts, the file or its part is not evicted. */
  readonly hold: (sha256: string) => Disposable;
  readonly isHeld: (sha256: string) => boolean;
  /** A held file will have so many bytes. */
  readonly promise: (sha256: string, bytes: number) => void;
  readonly promised: (sha256: string) => number;
};

export const makeCacheHolds = (): CacheHolds => {
  const held = new Map<string, number>();
  // So that two downloads that begin together do not count on the same room.
  const promised = new Map<string, number>();
  const letGo = (sha256: string) => {
    const left = (held.get(sha256) ?? 1) - 1;
    if (left > 0) return void held.set(sha256, left);
    held.delete(sha256);
    promised.delete(sha256);
  };
  return {
    hold: (sha256) => {
      held.set(sha256, (held.get(sha256) ?? 0) + 1);
      let isOver = false;
      return {
        [Symbol.dispose]: () => {
          if (!isOver) letGo(sha256);
          isOver = true;
        },
      };
    },
    isHeld: (sha256) => held.has(sha256),
    promise: (sha256, bytes) => void promised.set(sha256, bytes),
    promised: (sha256) => promised.get(sha256) ?? 0,
  };
};
