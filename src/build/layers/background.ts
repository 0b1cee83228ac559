/** Work on layers that no build waits for. */

import { setMaxListeners } from 'node:events';
import { makeSemaphore } from '../../base/semaphore.ts';

export type Background = AsyncDisposable & {
  /** Does the work when its turn comes, one at a time. Rejects as it does, and when the daemon stops. */
  readonly run: (work: (signal: AbortSignal) => Promise<void>) => Promise<void>;
  /** Has this waited for, too, when the daemon stops. */
  readonly attend: (after: Promise<void>) => void;
};

/** Disposing it ends what is under way, and waits for that. */
export const makeBackground = (): Background => {
  const life = new AbortController();
  setMaxListeners(0, life.signal);
  const one = makeSemaphore(1);
  const works = new Set<Promise<void>>();
  const attend = (work: Promise<void>) => {
    const quiet = work.catch(() => undefined).then(() => void works.delete(quiet));
    works.add(quiet);
  };
  const inTurn = async (work: (signal: AbortSignal) => Promise<void>) => {
    using _turn = await one.take(life.signal);
    await work(life.signal);
  };
  return {
    run: (work) => {
      const running = inTurn(work);
      attend(running);
      return running;
    },
    attend,
    [Symbol.asyncDispose]: async () => {
      life.abort(new Error('The daemon is stopping.'));
      while (works.size > 0) await Promise.all(works);
    },
  };
};
